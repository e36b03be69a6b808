//! What orders are like: the statistics of real invoices, as constants. They are of the 281 sales and
//! 29 cancellations (5,217 lines) of 1 and 2 December 2010 in the "Online Retail" data set (Daqing Chen,
//! UCI Machine Learning Repository, 2015, doi 10.24432/C5BW33, CC BY 4.0), of which lines without a
//! price or a quantity were left out. The number of customers and of products is that of the whole set.
//! The invoices say nothing of payments: those shares are assumed.

use super::chance::Chance;

/// Customers of the shop.
const CUSTOMERS: f64 = 4_372.0;

/// Products of the shop.
pub(super) const PRODUCTS: usize = 1_600;

/// Of a thousand customers' orders, so many are cancelled before the goods have left.
pub(super) const CANCELLED: u64 = 30;
/// Of a thousand orders that arrived, so many are given back in part. Together with those cancelled
/// earlier it is the share of invoices that cancel a sale.
pub(super) const GIVEN_BACK: u64 = 64;
/// Of a thousand customers whom the bank asks, so many never answer it. Assumed.
pub(super) const UNANSWERED: u64 = 80;

/// Shares of a distribution and the values up to which they go; what lies between is interpolated.
type Quantiles = [(f64, f64)];

/// Different products of one invoice.
const LINES: &Quantiles = &[
    (0.0, 1.0),
    (0.1, 1.0),
    (0.2, 2.0),
    (0.25, 3.0),
    (0.3, 5.0),
    (0.4, 7.0),
    (0.5, 11.0),
    (0.6, 14.0),
    (0.7, 17.0),
    (0.8, 21.0),
    (0.85, 26.0),
    (0.9, 31.0),
    (0.95, 55.0),
    (0.97, 64.0),
    (0.99, 96.0),
    (1.0, 590.0),
];

/// Price of a product, pence.
const PRICES: &Quantiles = &[
    (0.0, 19.0),
    (0.05, 42.0),
    (0.1, 65.0),
    (0.2, 125.0),
    (0.35, 165.0),
    (0.4, 166.0),
    (0.45, 195.0),
    (0.5, 233.0),
    (0.6, 295.0),
    (0.7, 375.0),
    (0.8, 495.0),
    (0.9, 795.0),
    (0.98, 1_275.0),
    (0.999, 4_995.0),
    (1.0, 16_500.0),
];

/// Which share of all lines the most wanted products have, by their number.
const POPULARITY: &Quantiles = &[
    (0.0, 0.0),
    (0.008, 1.0),
    (0.058, 10.0),
    (0.097, 20.0),
    (0.184, 50.0),
    (0.276, 100.0),
    (0.409, 200.0),
    (0.593, 400.0),
    (0.81, 800.0),
    (0.922, 1_200.0),
    (1.0, 1_600.0),
];

/// Which share of all invoices the most frequent customers have, by their number: one has an eighth
/// of them, most have one.
const LOYALTY: &Quantiles = &[
    (0.0, 0.0),
    (0.12, 1.0),
    (0.15, 2.0),
    (0.17, 3.0),
    (1.0, CUSTOMERS),
];

/// Pieces of a line: how many in a thousand lines have so many.
const QUANTITIES: [(u64, u32); 20] = [
    (309, 1),
    (139, 2),
    (123, 12),
    (103, 6),
    (64, 3),
    (62, 4),
    (49, 24),
    (27, 8),
    (20, 10),
    (17, 5),
    (13, 48),
    (9, 36),
    (9, 20),
    (9, 96),
    (9, 7),
    (9, 9),
    (9, 72),
    (8, 16),
    (8, 40),
    (4, 144),
];

/// What the payment's token says: how many in a thousand orders. Assumed.
const TOKENS: [(u64, &str); 8] = [
    (940, "tok_ok"),
    (25, "tok_3ds"),
    (20, "tok_declined"),
    (5, "tok_insufficient_funds"),
    (4, "tok_timeout"),
    (3, "tok_capture_fails"),
    (2, "tok_capture_timeout"),
    (1, "tok_partial_auth"),
];

impl Chance {
    /// How many different products an order has.
    pub(super) fn lines(&mut self) -> usize {
        self.of(LINES).round() as usize
    }

    /// A product's price, pence.
    pub(super) fn price(&mut self) -> i64 {
        self.of(PRICES).round() as i64
    }

    /// A product that is ordered, by its rank from 0.
    pub(super) fn product(&mut self) -> usize {
        self.of(POPULARITY) as usize
    }

    /// A customer who orders, by their rank from 0.
    pub(super) fn customer(&mut self) -> u32 {
        self.of(LOYALTY) as u32
    }

    /// Pieces of a line.
    pub(super) fn quantity(&mut self) -> u32 {
        self.pick(&QUANTITIES)
    }

    /// How an order is paid.
    pub(super) fn token(&mut self) -> &'static str {
        self.pick(&TOKENS)
    }

    /// A value of this distribution.
    fn of(&mut self, quantiles: &Quantiles) -> f64 {
        at(quantiles, self.share())
    }

    fn pick<T: Copy>(&mut self, weighed: &[(u64, T)]) -> T {
        let total: u64 = weighed.iter().map(|(weight, _)| weight).sum();
        let mut left = (self.share() * total as f64) as u64;
        for (weight, value) in weighed {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        weighed[0].1
    }
}

/// Which share of all lines the product of this rank has.
pub(super) fn popularity(rank: usize) -> f64 {
    let turned: Vec<_> = POPULARITY
        .iter()
        .map(|(share, rank)| (*rank, *share))
        .collect();
    at(&turned, rank as f64 + 1.0) - at(&turned, rank as f64)
}

fn at(points: &Quantiles, x: f64) -> f64 {
    let pairs = points.windows(2).map(|pair| (pair[0], pair[1]));
    let around = pairs.into_iter().find(|(_, (end, _))| x <= *end);
    around.map_or(points[points.len() - 1].1, |((x0, y0), (x1, y1))| {
        y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(count: u32, draw: impl FnMut(u32) -> f64) -> f64 {
        (0..count).map(draw).sum::<f64>() / f64::from(count)
    }

    #[test]
    fn orders_are_as_large_as_the_real_ones() {
        let mut chance = Chance::new(1);
        let lines = mean(20_000, |_| chance.lines() as f64);
        assert!((16.0..20.0).contains(&lines), "{lines} lines");
        let pieces = mean(20_000, |_| f64::from(chance.quantity()));
        assert!((8.0..12.0).contains(&pieces), "{pieces} pieces");
    }

    #[test]
    fn a_few_products_are_in_half_of_the_lines() {
        let mut chance = Chance::new(1);
        let wanted = mean(20_000, |_| f64::from(u8::from(chance.product() < 300)));
        assert!((0.47..0.53).contains(&wanted), "{wanted}");
        let all: f64 = (0..PRODUCTS).map(popularity).sum();
        assert!((all - 1.0).abs() < 1e-9, "{all}");
    }
}
