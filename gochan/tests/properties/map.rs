use gochan::sync::Map;
use proptest::prelude::*;
use std::collections::HashMap;

#[derive(Debug, Clone)]
enum Op {
    Load(u8),
    Store(u8, u32),
    Swap(u8, u32),
    LoadOrStore(u8, u32),
    LoadAndDelete(u8),
    Delete(u8),
    CompareAndSwap(u8, u32, u32),
    CompareAndDelete(u8, u32),
    /// Visits so many entries.
    Range(usize),
    Clear,
}

fn op() -> impl Strategy<Value = Op> {
    // Few keys and values, so that they meet.
    let (key, value) = (0..6_u8, 0..3_u32);
    prop_oneof![
        key.clone().prop_map(Op::Load),
        (key.clone(), value.clone()).prop_map(|(key, value)| Op::Store(key, value)),
        (key.clone(), value.clone()).prop_map(|(key, value)| Op::Swap(key, value)),
        (key.clone(), value.clone()).prop_map(|(key, value)| Op::LoadOrStore(key, value)),
        key.clone().prop_map(Op::LoadAndDelete),
        key.clone().prop_map(Op::Delete),
        (key.clone(), value.clone(), value.clone())
            .prop_map(|(key, old, new)| Op::CompareAndSwap(key, old, new)),
        (key, value).prop_map(|(key, old)| Op::CompareAndDelete(key, old)),
        (0..8_usize).prop_map(Op::Range),
        Just(Op::Clear),
    ]
}

fn agrees(ops: Vec<Op>) -> Result<(), TestCaseError> {
    let map: Map<u8, u32> = Map::new();
    let mut model: HashMap<u8, u32> = HashMap::new();
    for op in ops {
        match op {
            Op::Load(key) => prop_assert_eq!(map.load(&key), model.get(&key).copied()),
            Op::Store(key, value) => {
                map.store(key, value);
                model.insert(key, value);
            }
            Op::Swap(key, value) => prop_assert_eq!(map.swap(key, value), model.insert(key, value)),
            Op::LoadOrStore(key, value) => {
                let loaded = model.contains_key(&key);
                let actual = *model.entry(key).or_insert(value);
                prop_assert_eq!(map.load_or_store(key, value), (actual, loaded));
            }
            Op::LoadAndDelete(key) => prop_assert_eq!(map.load_and_delete(&key), model.remove(&key)),
            Op::Delete(key) => prop_assert_eq!(map.delete(&key), model.remove(&key).is_some()),
            Op::CompareAndSwap(key, old, new) => {
                let swaps = model.get(&key) == Some(&old);
                if swaps {
                    model.insert(key, new);
                }
                prop_assert_eq!(map.compare_and_swap(key, &old, new), swaps);
            }
            Op::CompareAndDelete(key, old) => {
                let deletes = model.get(&key) == Some(&old);
                if deletes {
                    model.remove(&key);
                }
                prop_assert_eq!(map.compare_and_delete(&key, &old), deletes);
            }
            Op::Range(most) => {
                let mut seen = HashMap::new();
                let mut visits = 0;
                map.range(|&key, &value| {
                    visits += 1;
                    seen.insert(key, value);
                    visits < most
                });
                // The first entry is visited before anything can stop it.
                prop_assert_eq!(visits, model.len().min(most.max(1)));
                prop_assert_eq!(seen.len(), visits, "a key was visited twice");
                prop_assert!(seen.iter().all(|(key, value)| model.get(key) == Some(value)));
            }
            Op::Clear => {
                map.clear();
                model.clear();
            }
        }
        prop_assert_eq!(map.len(), model.len());
        prop_assert_eq!(map.is_empty(), model.is_empty());
    }
    Ok(())
}

#[test]
fn ma_01_a_map_does_what_its_model_does() {
    super::holds(prop::collection::vec(op(), 1..60), agrees);
}
