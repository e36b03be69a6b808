//! What the shop sells. Of each product there is enough for some days, and it is ordered anew when it
//! runs low, so that a few orders meet an empty shelf.

use orderlog_domain::{
    ids::{Sku, WarehouseId},
    money::{Currency, Money, TaxRate},
    product::RegisterProduct,
    stock::{BackorderPolicy, ReceiveStock, RegisterStockItem},
};

use super::{
    chance::Chance,
    statistics::{PRODUCTS, popularity},
};

/// British value added tax of that time, contained in the price.
pub(super) const TAX: TaxRate = TaxRate {
    basis_points: 1_750,
    inclusive: true,
};

/// Pieces that all customers together order in a day, about.
const PIECES_A_DAY: f64 = super::ORDERS_A_DAY as f64 * 18.0 * 11.0;

const COLOURS: [&str; 8] = [
    "WHITE", "RED", "PINK", "BLUE", "BLACK", "GREEN", "IVORY", "SILVER",
];
const KINDS: [&str; 5] = ["HANGING", "RETROSPOT", "VINTAGE", "METAL", "WOODEN"];
const THINGS: [&str; 10] = [
    "HEART T-LIGHT HOLDER",
    "LANTERN",
    "CAKE CASES",
    "LUNCH BAG",
    "PICTURE FRAME",
    "ALARM CLOCK",
    "STORAGE JAR",
    "HOT WATER BOTTLE",
    "DOORMAT",
    "CANDLE PLATE",
];

/// A product.
pub(super) struct Offer {
    pub(super) sku: Sku,
    pub(super) name: String,
    pub(super) price: Money,
    /// Pieces of one delivery.
    lot: u32,
    /// Deliveries so far.
    delivered: u32,
}

/// The currency of the shop.
pub(super) fn pounds() -> Currency {
    Currency::from_code("GBP").expect("the pound is a currency")
}

/// All products, the most wanted first.
pub(super) fn catalogue(chance: &mut Chance) -> Vec<Offer> {
    (0..PRODUCTS).map(|rank| offer(chance, rank)).collect()
}

fn offer(chance: &mut Chance, rank: usize) -> Offer {
    let name = format!(
        "{} {} {}",
        COLOURS[rank % COLOURS.len()],
        KINDS[rank / COLOURS.len() % KINDS.len()],
        THINGS[rank % THINGS.len()],
    );
    let a_day = popularity(rank) * PIECES_A_DAY;
    Offer {
        sku: Sku::parse(format!("{}", 20_000 + rank * 7)).expect("digits are a SKU"),
        name,
        price: Money::new(chance.price(), pounds()),
        lot: (a_day * 8.0) as u32 + 1_000,
        delivered: 0,
    }
}

impl Offer {
    pub(super) fn register(&self) -> RegisterProduct {
        RegisterProduct {
            sku: self.sku.clone(),
            name: self.name.clone(),
            unit_price: self.price,
            tax: TAX,
        }
    }

    pub(super) fn stock(&self) -> RegisterStockItem {
        RegisterStockItem {
            sku: self.sku.clone(),
            warehouse: WarehouseId::main(),
            safety_stock: 0,
            low_stock_at: self.lot / 3,
            backorder: BackorderPolicy::Deny,
        }
    }

    /// The next delivery.
    pub(super) fn receive(&mut self) -> ReceiveStock {
        self.delivered += 1;
        ReceiveStock {
            receipt_id: format!("receipt-{}", self.delivered),
            quantity: self.lot,
        }
    }
}
