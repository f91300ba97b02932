//! The way to a route, and its end: whoever finds one may read it, and nobody finds one that is freed.

use super::*;
use loom::cell::UnsafeCell;
use std::ptr::NonNull;

/// What a route leads to here: the model checker sees whoever touches it too early or too late.
struct Content {
    value: UnsafeCell<u64>,
    gate: OwnedGate,
}

// SAFETY: that access to `value` is ordered is what the models show.
unsafe impl Sync for Content {}

/// All of a model's. Their memory stays until its end, so that a twin that frees too early does no harm.
#[derive(Default)]
struct Contents(Vec<(Arc<str>, Arc<Content>)>);

impl Contents {
    fn route(&mut self, id: &str, value: u64) -> Route<Content> {
        let content = Content { value: UnsafeCell::new(0), gate: OwnedGate::new() };
        // SAFETY: nobody else has it yet.
        content.value.with_mut(|it| unsafe { *it = value });
        let (gate, id, content) = (content.gate.get(), Arc::from(id), Arc::new(content));
        self.0.push((Arc::clone(&id), content.clone()));
        Route::new(&id, content, gate, [])
    }

    /// The route to the one that was made as number `n` is freed when nobody is inside any more.
    fn wait_and_free(
        &self,
        n: usize,
        router: &mut Router<Content>,
        presences: &Presences,
        route: Unlinked<Content>,
    ) {
        wait(presences);
        // SAFETY: nobody else has it any more: that is what the models show.
        self.0[n].1.value.with_mut(|it| unsafe { *it = u64::MAX });
        router.free(route);
    }
}

impl Content {
    fn read(&self) -> u64 {
        // SAFETY: whoever found it is inside.
        self.value.with(|it| unsafe { *it })
    }
}

/// What a by-id call finds.
fn look_up(view: &mut View<Content>, presence: &Presence, id: &str) -> Option<u64> {
    let _inside = presence.enter();
    // SAFETY: found while inside, and used while inside.
    view.table().find(id.as_bytes()).map(|route| unsafe { route.as_ref() }.stream().read())
}

#[test]
pub(super) fn nothing_is_freed_while_a_thread_is_inside() {
    check(3, || {
        let (mut router, mut contents) = (Router::new(), Contents::default());
        let (presences, mut view) = (Presences::default(), View::new(router.shared()));
        router.insert(contents.route("a", 1));
        let presence = presences.join();
        // The end of a thread is seen by `Arc`'s count, which the model checker does not know.
        let _not_ended = presence.clone();
        let reader = thread::spawn(move || {
            let found = [(); 2].map(|()| look_up(&mut view, &presence, "a"));
            assert!(found.iter().flatten().all(|content| *content == 1));
            assert!(found[0].is_some() || found[1].is_none(), "gone stays gone");
        });
        let removed = router.remove("a").unwrap();
        contents.wait_and_free(0, &mut router, &presences, removed);
        reader.join().unwrap();
    });
}

#[test]
pub(super) fn an_old_table_leads_to_nothing_freed() {
    check(2, || {
        let (mut router, mut contents) = (Router::new(), Contents::default());
        ["a", "b", "c"].iter().for_each(|id| router.insert(contents.route(id, 1)));
        let (presences, mut view) = (Presences::default(), View::new(router.shared()));
        let presence = presences.join();
        // The end of a thread is seen by `Arc`'s count, which the model checker does not know.
        let _not_ended = presence.clone();
        let reader = thread::spawn(move || {
            let found = [(); 2].map(|()| look_up(&mut view, &presence, "a"));
            assert!(found.iter().flatten().all(|content| *content == 1));
        });
        // There is no room: from here on there is a newer table, and only that loses the route.
        router.insert(contents.route("d", 1));
        let removed = router.remove("a").unwrap();
        contents.wait_and_free(0, &mut router, &presences, removed);
        reader.join().unwrap();
    });
}

#[test]
pub(super) fn a_lookup_finds_what_is_there_whatever_changes_around_it() {
    check(3, || {
        let (mut router, mut contents) = (Router::new(), Contents::default());
        let (presences, mut view) = (Presences::default(), View::new(router.shared()));
        // They get into each other's way: there are four slots.
        router.insert(contents.route("gone", 9));
        router.insert(contents.route("a", 1));
        let presence = presences.join();
        // The end of a thread is seen by `Arc`'s count, which the model checker does not know.
        let _not_ended = presence.clone();
        let reader = thread::spawn(move || {
            let found = look_up(&mut view, &presence, "a").expect("it is there all the time");
            assert!(found == 1 || found == 2, "{found}");
            let new = look_up(&mut view, &presence, "new");
            assert!(new.is_none_or(|content| content == 3), "{new:?}");
        });
        let gone = router.remove("gone").unwrap();
        let replaced = router.replace(contents.route("a", 2)).unwrap();
        router.insert(contents.route("new", 3));
        contents.wait_and_free(0, &mut router, &presences, gone);
        contents.wait_and_free(1, &mut router, &presences, replaced);
        reader.join().unwrap();
    });
}

#[test]
pub(super) fn whoever_looks_at_all_streams_sees_each_whole() {
    check(3, || {
        let (mut router, mut contents) = (Router::new(), Contents::default());
        let (presences, mut view) = (Presences::default(), View::new(router.shared()));
        router.insert(contents.route("a", 1));
        let presence = presences.join();
        let reader = thread::spawn(move || {
            let _inside = presence.enter();
            // SAFETY: found while inside, and used while inside.
            let read = |route: NonNull<Route<Content>>| unsafe { route.as_ref() }.stream().read();
            let mut seen: Vec<_> = view.table().routes().map(read).collect();
            seen.sort_unstable();
            assert!(seen == [1] || seen == [1, 2], "{seen:?}");
        });
        router.insert(contents.route("b", 2));
        reader.join().unwrap();
    });
}
