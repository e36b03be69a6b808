//! Everything that happens, one thing at a time: a bag of tasks from which any may be next. A task
//! may come again, as after a crash; commands are answered once and for all under their id, as the
//! command log does, facts and replies are not, so that the process has to know them again itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta};
use orderlog_domain::{
    DecidedAt,
    fulfilment::{
        FireTimer, Fulfilment, FulfilmentCommand, IssuedCommand, Observe, Observed, RecordReplies,
        Reply, ReplyOutcome, history::Recorded,
    },
    ids::{CustomerId, OrderId, PaymentId, Sku, WarehouseId},
    money::{Currency, Money, TaxRate},
    order::{Order, OrderCommand, OrderRefusal, PlaceOrder, RequestedLine},
    payment::{ExpireAuthorization, Payment, PaymentCommand, PaymentEvent},
    stock::{
        BackorderPolicy, ExpireReservation, ReceiveStock, RegisterStockItem, StockCommand,
        StockItem,
    },
};
use uuid::Uuid;

use crate::{
    chance::Chance,
    gateway::{Account, Script},
    operators::Operators,
    people::Conduct,
};

/// How one order is to go.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Which product, and how many.
    pub(crate) lines: Vec<(usize, u32)>,
    /// Whether nothing has to be paid.
    pub(crate) is_free: bool,
    pub(crate) script: Script,
    pub(crate) conduct: Conduct,
}

/// Something that may happen next.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    Observe(OrderId, Observe),
    Execute(OrderId, Uuid, IssuedCommand),
    Reply(OrderId, RecordReplies),
    Gateway(PaymentId, PaymentEvent),
    ToPayment(PaymentId, PaymentCommand),
    ToOrder(OrderId, OrderCommand),
}

/// Something that happens at its time, when nothing else is left.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    Timer(OrderId, Uuid),
    Hold(Sku, ExpireReservation),
    Authorization(PaymentId),
    LateReport(PaymentId),
    Task(Task),
}

pub(crate) struct World {
    pub(crate) orders: BTreeMap<OrderId, (Order, Plan)>,
    pub(crate) sagas: BTreeMap<OrderId, (Fulfilment, Vec<Recorded>)>,
    pub(crate) stock: BTreeMap<Sku, StockItem>,
    pub(crate) payments: BTreeMap<PaymentId, Payment>,
    pub(crate) gateway: BTreeMap<PaymentId, Account>,
    pub(crate) initial_stock: [u32; 2],
    /// Whether time passes while there is something to do.
    pub(crate) is_hectic: bool,
    pub(crate) operators: Operators,
    pub(crate) chance: Chance,
    pub(crate) now: DecidedAt,
    pub(crate) tasks: Vec<Task>,
    pub(crate) due: BTreeMap<(DecidedAt, u64), Due>,
    /// Replies per issue, until all are there.
    pub(crate) replies: HashMap<Uuid, (usize, Vec<Reply>)>,
    pub(crate) command_log: HashMap<Uuid, ReplyOutcome>,
    /// Facts of one stream are observed in their order.
    pub(crate) unseen: HashMap<(OrderId, &'static str), Vec<Observe>>,
    counter: u64,
    expiries: u32,
}

impl World {
    pub(crate) fn new(seed: u64, initial_stock: [u32; 2]) -> Self {
        let mut world = Self {
            orders: BTreeMap::new(),
            sagas: BTreeMap::new(),
            stock: BTreeMap::new(),
            payments: BTreeMap::new(),
            gateway: BTreeMap::new(),
            initial_stock,
            is_hectic: true,
            operators: Operators::default(),
            chance: Chance::new(seed),
            now: DateTime::from_timestamp(1_790_000_000, 0).expect("a valid instant"),
            tasks: Vec::new(),
            due: BTreeMap::new(),
            replies: HashMap::new(),
            command_log: HashMap::new(),
            unseen: HashMap::new(),
            counter: 0,
            expiries: 0,
        };
        for (product, quantity) in initial_stock.into_iter().enumerate() {
            let register = RegisterStockItem {
                sku: sku(product),
                warehouse: WarehouseId::main(),
                safety_stock: 0,
                low_stock_at: 0,
                backorder: BackorderPolicy::Deny,
            };
            world
                .ask_stock(&sku(product), StockCommand::Register(register))
                .expect("registered");
            if quantity > 0 {
                let receive = ReceiveStock {
                    receipt_id: "R-1".to_owned(),
                    quantity,
                };
                world
                    .ask_stock(&sku(product), StockCommand::Receive(receive))
                    .expect("received");
            }
        }
        world
    }

    pub(crate) fn place(&mut self, plan: Plan) {
        let order_id = OrderId(self.fresh_id());
        let eur = |minor| Money::new(minor, Currency::from_code("EUR").expect("a currency"));
        let line = |(nth, (product, quantity)): (usize, &(usize, u32))| RequestedLine {
            sku: sku(*product),
            name: "Anvil".to_owned(),
            quantity: i64::from(*quantity),
            // Equal products at different prices: several lines, one stock.
            unit_price: eur(if plan.is_free {
                0
            } else {
                1000 + i64::try_from(nth).expect("few lines")
            }),
            discount: eur(0),
            tax: TaxRate {
                basis_points: 1900,
                inclusive: true,
            },
            product_version: None,
        };
        let mut lines: Vec<RequestedLine> = plan.lines.iter().enumerate().map(line).collect();
        if plan.is_free {
            let mut seen = HashSet::new();
            lines.retain(|line| seen.insert(line.sku.clone()));
        }
        let command = PlaceOrder {
            order_id,
            customer_id: CustomerId::parse("c-1").expect("a customer"),
            currency: Currency::from_code("EUR").expect("a currency"),
            lines,
            shipping: eur(0),
            expected_total: None,
            payment_method: (!plan.is_free).then(|| "tok".to_owned()),
            reference: None,
        };
        self.orders.insert(order_id, (Order::default(), plan));
        self.ask_order(order_id, OrderCommand::Place(command))
            .expect("placed");
    }

    /// Lets things happen until nothing is left to happen.
    pub(crate) fn run(&mut self) {
        for _ in 0..20_000 {
            self.customers_cancel();
            self.operators_intervene();
            let time_flies = self.is_hectic && self.chance.once_in(20) && !self.due.is_empty();
            if let Some(task) = (!time_flies).then(|| self.any_task()).flatten() {
                self.carry_out(task);
            } else if let Some(((at, _), due)) = self.due.pop_first() {
                self.now = self.now.max(at);
                self.happen(due);
            } else if self.operators.times == 0 {
                return;
            }
        }
        panic!("it never ends");
    }

    pub(crate) fn count_of(&self, status: &str) -> usize {
        self.orders
            .values()
            .filter(|(order, _)| order.state_name() == status)
            .count()
    }

    fn any_task(&mut self) -> Option<Task> {
        let streams: Vec<_> = self
            .unseen
            .iter()
            .filter(|(_, facts)| !facts.is_empty())
            .map(|(key, _)| *key)
            .collect();
        let choices = self.tasks.len() + streams.len();
        if choices == 0 {
            return None;
        }
        let mut streams = streams;
        streams.sort_unstable();
        let choice = self.chance.below(choices);
        if let Some(key) = choice
            .checked_sub(self.tasks.len())
            .map(|index| streams[index])
        {
            let observe = self.unseen.get_mut(&key).expect("it has facts").remove(0);
            return Some(Task::Observe(key.0, observe));
        }
        Some(self.tasks.swap_remove(choice))
    }

    fn carry_out(&mut self, task: Task) {
        // What has been done comes again now and then, as after a crash before the checkpoint.
        // (That an authorization ran out names no payment: the command log alone knows a repeat.)
        let is_nameless = matches!(&task, Task::Observe(_, observe) if observe.fact == Observed::AuthorizationExpired);
        if !is_nameless && !matches!(task, Task::ToOrder(..)) && self.chance.once_in(5) {
            self.tasks.push(task.clone());
        }
        match task {
            Task::Observe(order_id, observe) => {
                self.ask_saga(order_id, FulfilmentCommand::Observe(observe))
            }
            Task::Reply(order_id, replies) => {
                self.ask_saga(order_id, FulfilmentCommand::RecordReplies(replies))
            }
            Task::Execute(order_id, issue, command) => self.execute(order_id, issue, command),
            Task::Gateway(payment_id, event) => {
                let script = self.script_of(payment_id);
                let answer = self
                    .gateway
                    .entry(payment_id)
                    .or_default()
                    .call(script, &event, self.now);
                self.tasks
                    .extend(answer.map(|command| Task::ToPayment(payment_id, command)));
            }
            Task::ToPayment(payment_id, command) => {
                // An answer that can't be taken now is given again later by the adapter.
                let _ = self.ask_payment(payment_id, command);
            }
            Task::ToOrder(order_id, command) => {
                // People try; what is too late is refused. A carrier tells of a delivery until it is taken.
                let refusal = self.ask_order(order_id, command.clone()).err();
                if let (
                    Some(OrderRefusal::CancellationInProgress),
                    OrderCommand::RecordDelivery(_),
                ) = (refusal, &command)
                {
                    self.at(
                        self.now + TimeDelta::hours(1),
                        Due::Task(Task::ToOrder(order_id, command)),
                    );
                }
            }
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Task(task) => self.tasks.push(task),
            Due::Timer(order_id, timer_id) => self.ask_saga(
                order_id,
                FulfilmentCommand::FireTimer(FireTimer { timer_id }),
            ),
            Due::Hold(sku, expire) => {
                let _ = self.ask_stock(&sku, StockCommand::ExpireReservation(expire));
            }
            Due::Authorization(payment_id) => {
                let expiry = self.ask_payment(
                    payment_id,
                    PaymentCommand::ExpireAuthorization(ExpireAuthorization {}),
                );
                let account = self.gateway.entry(payment_id).or_default();
                match expiry {
                    Ok(()) => account.voided += account.held(),
                    // The timer comes again, though not for ever.
                    Err(_) if self.expiries < 1000 => {
                        self.expiries += 1;
                        self.at(
                            self.now + TimeDelta::hours(1),
                            Due::Authorization(payment_id),
                        );
                    }
                    Err(_) => {}
                }
            }
            Due::LateReport(payment_id) => {
                for command in self.gateway.entry(payment_id).or_default().report_late() {
                    let _ = self.ask_payment(payment_id, command);
                }
            }
        }
    }

    fn customers_cancel(&mut self) {
        let mut cancelling: Vec<OrderId> = Vec::new();
        for (order_id, (_, plan)) in &mut self.orders {
            match &mut plan.conduct.cancels_after {
                Some(0) => {
                    plan.conduct.cancels_after = None;
                    cancelling.push(*order_id);
                }
                Some(left) => *left -= 1,
                None => {}
            }
        }
        self.tasks.extend(
            cancelling
                .into_iter()
                .map(|order_id| Task::ToOrder(order_id, Conduct::cancellation())),
        );
    }

    /// Something that happens at once, or in the course of some days.
    pub(crate) fn sooner_or_later(&mut self, task: Task) {
        if self.chance.once_in(2) {
            self.tasks.push(task);
        } else {
            let wait = TimeDelta::minutes(
                i64::try_from(self.chance.below(3 * 24 * 60)).expect("some days"),
            );
            self.at(self.now + wait, Due::Task(task));
        }
    }

    pub(crate) fn at(&mut self, at: DecidedAt, due: Due) {
        self.counter += 1;
        self.due.insert((at, self.counter), due);
    }

    fn script_of(&self, payment_id: PaymentId) -> Script {
        let order_id = self.payments[&payment_id].order_id().expect("it has begun");
        self.orders[&order_id].1.script
    }

    pub(crate) fn fresh_id(&mut self) -> Uuid {
        self.counter += 1;
        Uuid::from_u64_pair(1, self.counter)
    }
}

pub(crate) fn sku(product: usize) -> Sku {
    Sku::parse(["A-1", "B-2"][product]).expect("a sku")
}
