//! The lives of a stock item, and the commands that may reach it.

use chrono::{DateTime, TimeDelta};
use orderlog_domain::{
    DecidedAt,
    ids::{OrderId, ReservationId, ShipmentId, Sku, WarehouseId},
    stock::{
        AdjustStock, BackorderPolicy, CommitReservation, ConfirmReservation, ExpireReservation,
        ReceiveStock, RegisterStockItem, ReleaseReason, ReleaseReservation, Reserve,
        SetStockPolicy, StockCommand, StockItem,
    },
};
use uuid::Uuid;

use crate::{Asked, Life};

/// Minutes at which holds run out, and days after which a closed one is forgotten.
const HELD_UNTIL: i64 = 30;
const FORGOTTEN_AFTER: i64 = 46;

pub(crate) fn lives() -> Vec<Life<StockItem>> {
    let stocked = || vec![register(BackorderPolicy::Deny), receive(10)];
    let and = |commands: &[StockCommand]| [stocked(), commands.to_vec()].concat();
    let backordered = vec![
        register(BackorderPolicy::Allow { limit: 10 }),
        receive(3),
        reserve(5),
    ];
    let mut forgotten = life("Released, 46 days ago", 0, and(&[reserve(5), release()]));
    forgotten
        .commands
        .push((days(FORGOTTEN_AFTER), reserve_another()));
    forgotten
        .commands
        .push((days(FORGOTTEN_AFTER), release_another()));
    forgotten.now = days(FORGOTTEN_AFTER);
    vec![
        life("Never registered", 0, vec![]),
        life(
            "Registered and empty",
            0,
            vec![register(BackorderPolicy::Deny)],
        ),
        life("Ten on hand", 0, stocked()),
        life("Five of ten held", 0, and(&[reserve(5)])),
        life("Five of ten held too long", HELD_UNTIL, and(&[reserve(5)])),
        life(
            "Five of ten confirmed",
            HELD_UNTIL,
            and(&[reserve(5), confirm()]),
        ),
        life(
            "Three of five confirmed have left",
            0,
            and(&[reserve(5), confirm(), commit(3)]),
        ),
        life("Committed", 0, and(&[reserve(5), confirm(), commit(5)])),
        life("Released", 0, and(&[reserve(5), release()])),
        life("Released before it was made", 0, and(&[release()])),
        expired(and(&[reserve(5)])),
        life(
            "Counted two with five confirmed",
            0,
            and(&[reserve(5), confirm(), adjust(-8)]),
        ),
        life("Two of five backordered", 0, backordered.clone()),
        life(
            "Two of five backordered, confirmed",
            0,
            [backordered, vec![confirm()]].concat(),
        ),
        forgotten,
    ]
}

pub(crate) fn commands() -> Vec<Asked<StockCommand>> {
    let policy = |safety_stock| {
        let backorder = BackorderPolicy::Deny;
        StockCommand::SetPolicy(SetStockPolicy {
            safety_stock,
            low_stock_at: 2,
            backorder,
        })
    };
    let adjusted = |edit: fn(&mut AdjustStock)| {
        let mut adjust = adjustment(-1);
        edit(&mut adjust);
        StockCommand::Adjust(adjust)
    };
    [
        ("RegisterStockItem", "", register(BackorderPolicy::Deny)),
        ("SetStockPolicy", "", policy(1)),
        ("SetStockPolicy", "as it is", policy(0)),
        ("SetStockPolicy", "beyond reason", policy(u32::MAX)),
        ("ReceiveStock", "one", receive(1)),
        ("ReceiveStock", "five", receive(5)),
        ("ReceiveStock", "none", receive(0)),
        ("AdjustStock", "one less", adjust(-1)),
        ("AdjustStock", "one more", adjust(1)),
        ("AdjustStock", "five less", adjust(-5)),
        ("AdjustStock", "more than there are", adjust(-11)),
        (
            "AdjustStock",
            "counting on ten",
            adjusted(|adjust| adjust.expected_on_hand = Some(10)),
        ),
        (
            "AdjustStock",
            "without a reason",
            adjusted(|adjust| adjust.reason.clear()),
        ),
        ("Reserve", "", reserve(5)),
        ("Reserve", "with another quantity", reserve(4)),
        ("Reserve", "another", reserve_another()),
        ("Reserve", "another and too many", reserve_as(2, 21)),
        ("Reserve", "none", reserve(0)),
        ("ConfirmReservation", "", confirm()),
        ("CommitReservation", "in part", commit(2)),
        ("CommitReservation", "in full", commit(5)),
        ("CommitReservation", "more than was held", commit(6)),
        ("ReleaseReservation", "", release()),
        ("ReleaseReservation", "another", release_another()),
        ("ExpireReservation", "", expire()),
    ]
    .map(|(command, variant, says)| Asked {
        command,
        variant,
        says,
    })
    .into()
}

fn life(name: &'static str, minute: i64, commands: Vec<StockCommand>) -> Life<StockItem> {
    let commands = commands
        .into_iter()
        .map(|command| (at(0), command))
        .collect();
    Life {
        name,
        commands,
        now: at(minute),
    }
}

fn expired(commands: Vec<StockCommand>) -> Life<StockItem> {
    let mut life = life("Expired", HELD_UNTIL, commands);
    life.commands.push((at(HELD_UNTIL), expire()));
    life
}

fn register(backorder: BackorderPolicy) -> StockCommand {
    let sku = Sku::parse("MUG-1").expect("a sku");
    let warehouse = WarehouseId::main();
    StockCommand::Register(RegisterStockItem {
        sku,
        warehouse,
        safety_stock: 0,
        low_stock_at: 2,
        backorder,
    })
}

fn receive(quantity: u32) -> StockCommand {
    StockCommand::Receive(ReceiveStock {
        receipt_id: "receipt".to_owned(),
        quantity,
    })
}

fn adjust(delta: i64) -> StockCommand {
    StockCommand::Adjust(adjustment(delta))
}

fn adjustment(delta: i64) -> AdjustStock {
    let (adjustment_id, reason) = ("count".to_owned(), "counted".to_owned());
    AdjustStock {
        adjustment_id,
        delta,
        reason,
        expected_on_hand: None,
    }
}

fn reserve(quantity: u32) -> StockCommand {
    reserve_as(1, quantity)
}

fn reserve_another() -> StockCommand {
    reserve_as(2, 6)
}

fn reserve_as(reservation: u128, quantity: u32) -> StockCommand {
    StockCommand::Reserve(Reserve {
        reservation_id: ReservationId(Uuid::from_u128(reservation)),
        order_id: order(),
        quantity,
        expires_at: at(HELD_UNTIL),
    })
}

fn confirm() -> StockCommand {
    StockCommand::ConfirmReservation(ConfirmReservation {
        reservation_id: first(),
    })
}

fn commit(quantity: u32) -> StockCommand {
    let shipment_id = ShipmentId(Uuid::from_u128(3));
    StockCommand::CommitReservation(CommitReservation {
        reservation_id: first(),
        shipment_id,
        quantity,
    })
}

fn release() -> StockCommand {
    release_of(first())
}

fn release_another() -> StockCommand {
    release_of(ReservationId(Uuid::from_u128(2)))
}

fn release_of(reservation_id: ReservationId) -> StockCommand {
    let reason = ReleaseReason::OrderCancelled;
    StockCommand::ReleaseReservation(ReleaseReservation {
        reservation_id,
        order_id: order(),
        reason,
    })
}

fn expire() -> StockCommand {
    StockCommand::ExpireReservation(ExpireReservation {
        reservation_id: first(),
    })
}

fn first() -> ReservationId {
    ReservationId(Uuid::from_u128(1))
}

fn order() -> OrderId {
    OrderId(Uuid::from_u128(9))
}

fn at(minute: i64) -> DecidedAt {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn days(days: i64) -> DecidedAt {
    DateTime::UNIX_EPOCH + TimeDelta::days(days)
}
