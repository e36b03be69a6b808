//! What can happen to an order, step by step.

use chrono::Duration;
use orderlog_domain::{
    fulfilment::{FulfilmentEvent, Step, TimerPurpose},
    ids::WarehouseId,
    notification::NotificationKind,
    order::{Allocation, ConfirmOrder, OrderCommand, OrderEvent, ShipmentLine},
    payment::{CaptureMode, PaymentEvent},
    stock::StockEvent,
};

use super::{at, euro, id, journey::Journey, journeys::TOTAL, sku};

impl Journey {
    /// Stock is held.
    pub fn reserved(&mut self) -> &mut Self {
        let (order_id, reservation_id) = (self.order_id, self.reservation());
        self.stock(StockEvent::StockReserved {
            sku: sku("TEA"),
            reservation_id,
            order_id,
            quantity: 2,
            backordered: 0,
            expires_at: at(1800),
        });
        let warehouse = WarehouseId::main();
        let allocation = Allocation {
            line: 1,
            sku: sku("TEA"),
            warehouse,
            quantity: 2,
            reservation_id,
        };
        self.order(OrderEvent::OrderStockReserved {
            order_id,
            allocations: vec![allocation],
        })
    }

    /// The gateway is asked to set the money aside.
    pub fn begun_to_pay(&mut self) -> &mut Self {
        let (order_id, payment_id, amount) = (self.order_id, self.payment_id, euro(TOTAL));
        let method_token = || "tok_ok".to_owned();
        self.saga(FulfilmentEvent::StepEntered {
            order_id,
            step: Step::Authorizing,
        });
        self.payment(PaymentEvent::PaymentInitiated {
            payment_id,
            order_id,
            amount,
            method_token: method_token(),
            capture_mode: CaptureMode::Manual,
        });
        let operation_id = self.operation(1);
        self.payment(PaymentEvent::PaymentAuthorizationRequested {
            order_id,
            operation_id,
            amount,
            method_token: method_token(),
        })
    }

    /// The money is set aside.
    pub fn authorized(&mut self) -> &mut Self {
        self.begun_to_pay();
        let (order_id, operation_id) = (self.order_id, self.operation(1));
        self.payment(PaymentEvent::PaymentAuthorized {
            order_id,
            operation_id,
            amount: euro(TOTAL),
            gateway_ref: "gw".to_owned(),
            expires_at: at(0) + Duration::days(7),
        })
    }

    /// Stock and payment are certain, and the customer is told.
    pub fn confirmed(&mut self) -> &mut Self {
        let (order_id, reservation_id) = (self.order_id, self.reservation());
        let payment_id = Some(self.payment_id);
        self.issued(OrderCommand::Confirm(ConfirmOrder { payment_id }));
        self.stock(StockEvent::StockReservationConfirmed {
            sku: sku("TEA"),
            reservation_id,
            order_id,
        });
        self.order(OrderEvent::OrderConfirmed {
            order_id,
            payment_id,
        });
        self.replied();
        self.notified(NotificationKind::OrderConfirmed)
    }

    /// The goods are packed.
    pub fn packed(&mut self) -> &mut Self {
        let (order_id, shipment_id) = (self.order_id, self.shipment());
        let lines = vec![ShipmentLine {
            line: 1,
            sku: sku("TEA"),
            quantity: 2,
        }];
        let warehouse = WarehouseId::main();
        self.saga(FulfilmentEvent::StepEntered {
            order_id,
            step: Step::Preparing,
        });
        self.order(OrderEvent::ShipmentCreated {
            order_id,
            shipment_id,
            warehouse,
            lines,
        });
        self.order(OrderEvent::ShipmentPacked {
            order_id,
            shipment_id,
        })
    }

    /// The money is taken.
    pub fn captured(&mut self) -> &mut Self {
        let (order_id, operation_id, amount) = (self.order_id, self.operation(2), euro(TOTAL));
        self.saga(FulfilmentEvent::StepEntered {
            order_id,
            step: Step::Capturing,
        });
        self.payment(PaymentEvent::PaymentCaptureRequested {
            order_id,
            operation_id,
            amount,
            is_final: true,
            gateway_ref: "gw".to_owned(),
        });
        let captured_total = amount;
        self.payment(PaymentEvent::PaymentCaptured {
            order_id,
            operation_id,
            amount,
            captured_total,
        })
    }

    /// The goods leave; `on_hand` pieces stay behind.
    pub fn dispatched(&mut self, on_hand: i64) -> &mut Self {
        let (order_id, shipment_id) = (self.order_id, self.shipment());
        let (capture_id, timer_id) = (Some(self.operation(2)), id(0x30, self.number));
        self.order(OrderEvent::ShipmentReleased {
            order_id,
            shipment_id,
            capture_id,
        });
        self.order(OrderEvent::ShipmentDispatched {
            order_id,
            shipment_id,
            carrier: "DHL".to_owned(),
            tracking: "T1".to_owned(),
        });
        let reservation_id = self.reservation();
        self.stock(StockEvent::StockCommitted {
            sku: sku("TEA"),
            reservation_id,
            order_id,
            shipment_id,
            quantity: 2,
            on_hand,
            committed_at: at(0),
        });
        let purpose = TimerPurpose::DeliveryOverdue;
        self.saga(FulfilmentEvent::StepEntered {
            order_id,
            step: Step::AwaitingDelivery,
        });
        let due_at = at(0) + Duration::days(14);
        self.saga(FulfilmentEvent::TimerScheduled {
            order_id,
            timer_id,
            purpose,
            due_at,
        })
    }

    /// The goods arrive.
    pub fn delivered(&mut self) -> &mut Self {
        let (order_id, shipment_id) = (self.order_id, self.shipment());
        self.order(OrderEvent::ShipmentDelivered {
            order_id,
            shipment_id,
        });
        self.order(OrderEvent::OrderCompleted { order_id });
        let timer_id = id(0x30, self.number);
        self.saga(FulfilmentEvent::TimerCancelled { order_id, timer_id });
        self.saga(FulfilmentEvent::FulfilmentCompleted { order_id });
        self.notified(NotificationKind::OrderDelivered)
    }
}
