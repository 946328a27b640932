//! What callers may use: budgets of kinds of callers, and a rate for each caller.
//!
//! Nothing is refused for its size. A call is admitted while something is left, and may use more than that: what it used
//! too much delays the next one. So the average never exceeds the rate, and no call is too large for ever.

mod callers;
mod rate;
mod spent;

pub use callers::Callers;
pub use rate::{Debt, Rate};
pub use spent::{Budget, SPENT_BYTES, Spent};
