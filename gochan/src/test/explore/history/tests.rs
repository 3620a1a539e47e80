use super::*;
use crate::sched::worker::driver::Operation;

pub(in crate::test::explore) const WORK: Operation = Operation { name: "work", place: None };

/// A run of two goroutines besides the first, which spawns them and ends: in `order`, each takes one more step,
/// which touches what is given.
pub(in crate::test::explore) fn run(order: &[(u32, Touch)]) -> History {
    let mut history = History::default();
    history.saw(Event::Spawned(1));
    history.runs(1);
    history.saw(Event::Spawned(2));
    history.saw(Event::Spawned(3));
    history.saw(Event::Ended(1));
    for (number, touch) in order {
        history.runs(*number);
        history.announces(&[*touch]);
        history.saw(Event::Arrived(*number, WORK));
    }
    for number in [2, 3] {
        history.runs(number);
        history.saw(Event::Ended(number));
    }
    history
}

#[test]
fn the_order_of_steps_matters_where_they_conflict() {
    let (x, y) = (1_u32, 2_u32);
    let is_the_same = |one, other| {
        // The last steps touch what was announced; they come in one order or the other.
        let runs = |first: (u32, Touch), second: (u32, Touch)| {
            let mut history = run(&[first, second]);
            history.runs(first.0);
            history.interleaving()
        };
        runs((2, one), (3, other)) == runs((3, other), (2, one))
    };
    assert!(is_the_same(Touch::write(&x), Touch::write(&y)));
    assert!(is_the_same(Touch::read(&x), Touch::read(&x)));
    assert!(is_the_same(Touch::awaits(&x), Touch::write(&x)));
}

#[test]
fn races_are_between_steps_of_which_nothing_else_says_the_order() {
    let x = 1_u32;
    let history = run(&[(2, Touch::write(&x)), (3, Touch::write(&x))]);
    let races: Vec<_> = history.steps().iter().map(|step| (step.goroutine, step.races.len())).collect();
    // The spawns come first in any case; the last steps of the two conflict.
    assert_eq!(races, [(1, 0), (2, 0), (3, 0), (2, 0), (3, 1)]);
    let everything = run(&[(2, Touch::EVERYTHING), (3, Touch::read(&x))]);
    assert_eq!(everything.steps().iter().filter(|step| !step.races.is_empty()).count(), 2);
}
