//! Fetches pages of updates while those before them are replayed.

use super::{PAGE, Trouble};
use directory_core::update::LoggedUpdate;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use tokio::task::JoinHandle;

/// Maximum number of pages that are fetched beyond the requested one. On a slow connection this many answers are under way at
/// once. Each has 1.4 MB at most.
pub const AHEAD: usize = 8;

/// The pages under way, in order.
#[derive(Debug, Default)]
pub struct Ahead(Mutex<VecDeque<Page>>);

#[derive(Debug)]
struct Page {
    from: u64,
    updates: JoinHandle<Result<Vec<LoggedUpdate>, Trouble>>,
}

impl Ahead {
    /// The page that begins at a position. `limit` is the number of updates that will be requested in all: the next pages among
    /// them are fetched too. Pages at other positions, left over from a round that ended early, are dropped.
    ///
    /// # Errors
    ///
    /// Those of `fetch`.
    pub async fn page<F>(
        &self,
        from: u64,
        limit: u64,
        fetch: impl Fn(u64, u32) -> F,
    ) -> Result<Vec<LoggedUpdate>, Trouble>
    where
        F: Future<Output = Result<Vec<LoggedUpdate>, Trouble>> + Send + 'static,
    {
        let Some(page) = self.next(from, limit, fetch) else { return Ok(Vec::new()) };
        page.updates.await.unwrap_or_else(|error| Err(Trouble::Unanswered(error.to_string())))
    }

    fn next<F>(&self, from: u64, limit: u64, fetch: impl Fn(u64, u32) -> F) -> Option<Page>
    where
        F: Future<Output = Result<Vec<LoggedUpdate>, Trouble>> + Send + 'static,
    {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.front().is_some_and(|page| page.from != from) {
            pages.clear();
        }
        for number in pages.len()..=AHEAD {
            let before = number as u64 * u64::from(PAGE);
            let page = limit.saturating_sub(before).min(PAGE.into()) as u32;
            if page == 0 {
                break;
            }
            let from = from.saturating_add(before);
            pages.push_back(Page { from, updates: tokio::spawn(fetch(from, page)) });
        }
        pages.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Requests a page. Returns the requests that this causes. The pages are empty here: only the requests are compared.
    async fn asked(ahead: &Ahead, from: u64, limit: u64) -> Vec<(u64, u32)> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let fetch = |from, limit| {
            asked.lock().unwrap().push((from, limit));
            async { Ok(Vec::new()) }
        };
        ahead.page(from, limit, fetch).await.unwrap();
        let asked = asked.lock().unwrap();
        asked.clone()
    }

    #[tokio::test]
    async fn the_next_pages_are_fetched_ahead_and_no_more_than_will_be_asked_for() {
        let ahead = Ahead::default();
        let page = u64::from(PAGE);
        assert_eq!(asked(&ahead, 10, 2 * page + 5).await, [(10, PAGE), (10 + page, PAGE), (10 + 2 * page, 5)]);
        assert_eq!(asked(&ahead, 10 + page, page + 5).await, [], "it is on its way");
        assert_eq!(asked(&ahead, 10 + 2 * page, 5).await, []);
        assert_eq!(asked(&ahead, 10 + 2 * page + 5, 0).await, []);
    }

    #[tokio::test]
    async fn few_pages_are_on_their_way_at_once() {
        let ahead = Ahead::default();
        let page = u64::from(PAGE);
        assert_eq!(asked(&ahead, 0, 100 * page).await.len(), AHEAD + 1);
        for number in 1..5 {
            let last = (number + AHEAD as u64) * page;
            assert_eq!(asked(&ahead, number * page, (100 - number) * page).await, [(last, PAGE)]);
        }
    }

    #[tokio::test]
    async fn pages_of_other_positions_are_forgotten() {
        let ahead = Ahead::default();
        let page = u64::from(PAGE);
        asked(&ahead, 0, 3 * page).await;
        // The first page was cut short, or its round is repeated.
        for from in [7, 0] {
            assert_eq!(asked(&ahead, from, 2 * page).await, [(from, PAGE), (from + page, PAGE)]);
        }
    }

    #[tokio::test]
    async fn trouble_is_told_once() {
        let ahead = Ahead::default();
        let trouble = Trouble::Unanswered("down".to_owned());
        let failed = ahead.page(0, 1, |_, _| std::future::ready(Err(trouble.clone()))).await;
        assert_eq!(failed, Err(trouble.clone()));
        assert_eq!(asked(&ahead, 0, 1).await, [(0, 1)]);
    }
}
