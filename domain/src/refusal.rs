//! What every refusal of the domain can tell: a stable code and the class that decides how it is
//! answered and whether it is remembered. Refusals are typed data, never strings.

/// A refusal by a rule of the domain.
pub trait Refusal {
    /// Stable, unique over the domain: `order.already_closed`.
    fn code(&self) -> &'static str;

    /// What kind of refusal it is.
    fn class(&self) -> RefusalClass;
}

/// How a refusal is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalClass {
    /// The command can't be understood, whatever the state.
    Malformed,
    /// What it addresses does not exist.
    NotFound,
    /// The state does not allow it.
    State,
    /// A rule forbids it.
    Rule,
    /// It will be allowed later.
    NotYet,
    /// An operation in flight has to end first.
    InFlight,
}

impl RefusalClass {
    /// Whether the same command is answered with the same refusal ever after. What would be
    /// decided otherwise later, or was never understood, is not remembered.
    pub fn is_recorded(self) -> bool {
        match self {
            Self::NotFound | Self::State | Self::Rule => true,
            Self::Malformed | Self::NotYet | Self::InFlight => false,
        }
    }
}
