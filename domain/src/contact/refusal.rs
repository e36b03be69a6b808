//! Why a contact refuses a command.

use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalClass};

/// A refused command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ContactRefusal {
    /// Mails are wanted, and nobody knows where to.
    #[error("mails are wanted, but no e-mail address is given")]
    NoAddress,
}

impl Refusal for ContactRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoAddress => "contact.no_address",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::NoAddress => RefusalClass::Rule,
        }
    }
}
