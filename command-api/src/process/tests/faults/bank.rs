//! The simulated gateway with books of what it did, which outlive every crash: whatever it answers,
//! money moves once per operation. It knows of nothing that never reached it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use orderlog_domain::{
    fulfilment::Timings,
    ids::OperationId,
    payment::{AuthorizationOutcome, Ledger, Operation, OperationOutcome},
};

use crate::process::{
    gateway::{Answer, Call, NoAnswer, PaymentGateway, TimedOut},
    simulated_gateway::SimulatedGateway,
    tests::{
        doors::Meantime,
        fuse::{AtCall, Fault, Fuse},
    },
};

/// Minor units that each operation moved.
pub(super) type Books = Arc<Mutex<BTreeMap<OperationId, (Operation, i64)>>>;

/// What the books come to.
pub(super) fn sums(books: &Books) -> Ledger {
    let mut sums = Ledger::default();
    for (operation, amount) in books.lock().unwrap().values() {
        match operation {
            Operation::Authorize => sums.authorized += amount,
            Operation::Capture => sums.captured += amount,
            Operation::Void => sums.voided += amount,
            Operation::Refund => sums.refunded += amount,
        }
    }
    sums
}

/// The gateway of one life.
pub(super) struct Bank {
    inner: SimulatedGateway,
    books: Books,
    fuse: Fuse,
    meantime: Meantime,
}

impl Bank {
    pub(super) fn new(books: &Books, fuse: &Fuse, meantime: Meantime) -> Self {
        Self {
            inner: SimulatedGateway::new(&Timings::standard()),
            books: Arc::clone(books),
            fuse: fuse.clone(),
            meantime,
        }
    }

    /// Does what it is asked for and answers, as far as nothing goes wrong.
    async fn call<T>(
        &self,
        call: &Call,
        answer: impl Future<Output = Result<T, NoAnswer>>,
    ) -> Result<T, NoAnswer> {
        let fault = self.fuse.at(&format!("call {:?}", call.operation));
        if fault == Some(Fault::Call(AtCall::Unreached)) {
            return Err(TimedOut);
        }
        self.book(call).await;
        match fault {
            Some(Fault::Call(AtCall::Silent)) => return Err(TimedOut),
            Some(Fault::Call(AtCall::Late)) => self.meantime.passes().await,
            _ => {}
        }
        answer.await
    }

    /// Moves the money, the first time.
    async fn book(&self, call: &Call) {
        // What becomes known late is done at once.
        let at = call.at + TimeDelta::days(1);
        let done = self.inner.ask(&Call { at, ..call.clone() }).await;
        let moved = match done {
            Ok(Some(
                Answer::Authorization(AuthorizationOutcome::Authorized { amount, .. })
                | Answer::Operation(OperationOutcome::Done { amount }),
            )) => amount.amount_minor,
            Ok(_) | Err(_) => 0,
        };
        let moved = match call.operation {
            // It lets go what there is, be it nothing yet.
            Operation::Void => moved.min(sums(&self.books).held()),
            Operation::Authorize | Operation::Capture | Operation::Refund => moved,
        };
        let mut books = self.books.lock().unwrap();
        let entry = books
            .entry(call.operation_id)
            .or_insert((call.operation, 0));
        // An authorization may have waited for the customer.
        entry.1 = entry.1.max(moved);
    }
}

#[async_trait]
impl PaymentGateway for Bank {
    async fn authorize(&self, call: &Call) -> Result<AuthorizationOutcome, NoAnswer> {
        self.call(call, self.inner.authorize(call)).await
    }

    async fn capture(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.call(call, self.inner.capture(call)).await
    }

    async fn void(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.call(call, self.inner.void(call)).await
    }

    async fn refund(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.call(call, self.inner.refund(call)).await
    }

    async fn ask(&self, call: &Call) -> Result<Option<Answer>, NoAnswer> {
        let is_known = self.books.lock().unwrap().contains_key(&call.operation_id);
        let fault = self.fuse.at(&format!("call ask {:?}", call.operation));
        match fault {
            Some(Fault::Call(AtCall::Silent | AtCall::Unreached)) => return Err(TimedOut),
            Some(Fault::Call(AtCall::Late)) => self.meantime.passes().await,
            _ => {}
        }
        if is_known {
            self.inner.ask(call).await
        } else {
            Ok(None)
        }
    }
}
