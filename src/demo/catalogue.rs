//! What the demo's shop sells: twenty products, one of which is scarce. Fixed, so that a restart
//! registers and receives nothing twice.

/// A product of the demo.
#[derive(Clone, Copy, Debug)]
pub struct DemoProduct {
    /// Its number.
    pub sku: &'static str,
    /// What customers read.
    pub name: &'static str,
    /// Price of one piece, euro cents.
    pub cents: i64,
    /// Pieces received at the start.
    pub stock: u32,
}

/// The number of pieces that no demo order runs short of.
const PLENTY: u32 = 10_000;

/// The product of which there is never enough.
pub const SCARCE: &str = "GRAIL-1";

/// The product that costs nothing.
pub const FREE: &str = "SAMPLE-0";

/// All products.
pub const PRODUCTS: [DemoProduct; 20] = [
    product("MUG-BLUE", "Blue stoneware mug", 1_290),
    product("MUG-RED", "Red stoneware mug", 1_290),
    product("TEAPOT-1L", "Cast-iron teapot, 1 litre", 4_900),
    product("TEA-SENCHA", "Sencha, 100 g", 1_150),
    product("TEA-ASSAM", "Assam, 250 g", 1_390),
    product("COFFEE-1KG", "Whole-bean coffee, 1 kg", 1_899),
    product("GRINDER", "Hand coffee grinder", 8_950),
    product("KETTLE", "Gooseneck kettle", 6_400),
    product("FILTER-100", "Paper filters, 100 pieces", 499),
    product("SCALE", "Kitchen scale, 0.1 g", 3_290),
    product("LANTERN", "White metal lantern", 1_699),
    product("CUSHION", "Linen cushion", 2_450),
    product("BLANKET", "Wool blanket", 7_900),
    product("NOTEBOOK-A5", "Dotted notebook, A5", 895),
    product("PEN-FINE", "Fineliner, black", 275),
    product("LAMP-DESK", "Desk lamp, brass", 11_900),
    product("CANDLE-3", "Beeswax candles, 3 pieces", 1_450),
    product("POSTER-A2", "Letterpress poster, A2", 3_500),
    DemoProduct {
        sku: SCARCE,
        name: "Grail, signed by the potter",
        cents: 24_900,
        stock: 3,
    },
    DemoProduct {
        sku: FREE,
        name: "Sample sachet",
        cents: 0,
        stock: PLENTY,
    },
];

const fn product(sku: &'static str, name: &'static str, cents: i64) -> DemoProduct {
    DemoProduct {
        sku,
        name,
        cents,
        stock: PLENTY,
    }
}
