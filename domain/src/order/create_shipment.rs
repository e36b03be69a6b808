//! Goods of a confirmed order are to be packed. Several shipments may carry parts of a line, never
//! more than was ordered.

use serde::{Deserialize, Serialize};

use crate::ids::{ShipmentId, WarehouseId};

use super::{Order, OrderEvent, OrderRefusal, OrderStatus, ShipmentLine};

/// Have goods packed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreateShipment {
    /// The shipment, new.
    pub shipment_id: ShipmentId,
    /// Where it is packed.
    pub warehouse: WarehouseId,
    /// What it carries.
    pub lines: Vec<ShipmentLine>,
}

impl CreateShipment {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        let order_id = order.in_state(&[OrderStatus::Confirmed, OrderStatus::PartiallyShipped])?;
        let Self {
            shipment_id,
            warehouse,
            lines,
        } = self;
        if order.shipment(shipment_id).is_ok() {
            return Err(OrderRefusal::ShipmentExists { shipment_id });
        }
        if lines.is_empty() {
            return Err(OrderRefusal::EmptyShipment);
        }
        check_lines(order, &lines)?;
        Ok(vec![OrderEvent::ShipmentCreated {
            order_id,
            shipment_id,
            warehouse,
            lines,
        }])
    }
}

fn check_lines(order: &Order, lines: &[ShipmentLine]) -> Result<(), OrderRefusal> {
    let ordered = &order.placed()?.lines;
    let mut left = order.unshipped_lines();
    for ShipmentLine {
        line,
        sku,
        quantity,
    } in lines
    {
        if !ordered
            .iter()
            .any(|ordered| ordered.line == *line && ordered.sku == *sku)
        {
            return Err(OrderRefusal::LineNotFound {
                line: *line,
                sku: sku.clone(),
            });
        }
        // A line may be named twice: what the first takes is gone for the second.
        let open = left.iter_mut().find(|left| left.line == *line);
        match open {
            Some(open) if (1..=open.quantity).contains(quantity) => open.quantity -= quantity,
            other => {
                let open = other.map_or(0, |open| open.quantity);
                return Err(OrderRefusal::LinesAlreadyShipped {
                    line: *line,
                    quantity: *quantity,
                    open,
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::order::{
        CreateShipment, OrderCommand, OrderRefusal, OrderStatus, ShipmentLine, testing::*,
    };

    fn create(lines: Vec<ShipmentLine>) -> OrderCommand {
        OrderCommand::CreateShipment(CreateShipment {
            shipment_id: shipment_id(),
            warehouse: main(),
            lines,
        })
    }

    #[test]
    fn a_confirmed_order_is_packed() {
        given(confirmed())
            .when(create_shipment())
            .then_expect_events(vec![shipment_created()]);
    }

    #[test]
    fn an_unconfirmed_order_is_not_packed() {
        given(awaiting_payment())
            .when(create_shipment())
            .then_expect_error(OrderRefusal::InvalidState {
                status: OrderStatus::AwaitingPayment,
            });
    }

    #[test]
    fn a_shipment_is_created_once() {
        given(packed())
            .when(create_shipment())
            .then_expect_error(OrderRefusal::ShipmentExists {
                shipment_id: shipment_id(),
            });
    }

    #[test]
    fn no_more_is_shipped_than_was_ordered() {
        let line = |quantity| ShipmentLine {
            line: 1,
            sku: sku("A-1"),
            quantity,
        };
        let refused = |quantity, open| OrderRefusal::LinesAlreadyShipped {
            line: 1,
            quantity,
            open,
        };
        given(confirmed())
            .when(create(vec![line(3)]))
            .then_expect_error(refused(3, 2));
        given(confirmed())
            .when(create(vec![line(0)]))
            .then_expect_error(refused(0, 2));
        given(confirmed())
            .when(create(vec![line(2), line(1)]))
            .then_expect_error(refused(1, 0));
    }

    #[test]
    fn only_what_was_ordered_is_shipped() {
        let line = ShipmentLine {
            line: 1,
            sku: sku("B-2"),
            quantity: 1,
        };
        given(confirmed())
            .when(create(vec![line]))
            .then_expect_error(OrderRefusal::LineNotFound {
                line: 1,
                sku: sku("B-2"),
            });
        given(confirmed())
            .when(create(vec![]))
            .then_expect_error(OrderRefusal::EmptyShipment);
    }
}
