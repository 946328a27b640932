//! Budgets: limits of groups of callers, and a rate for each caller.
//!
//! No call is refused for its size. A call is admitted while something is left, and may use more than that. Then the
//! next call waits longer. So the average never exceeds the rate, and even the largest call is admitted at some time.

mod callers;
mod rate;
mod spent;

pub use callers::Callers;
pub use rate::{Debt, Rate};
pub use spent::{Budget, SPENT_BYTES, Spent};
