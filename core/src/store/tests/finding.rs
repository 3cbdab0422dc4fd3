//! Finding households, and the list of next visits.

use super::*;

fn town(phone: &mut Phone, store: &Store, households: &[(&str, &str)]) -> Vec<RecordId> {
    let (ids, entries) = households
        .iter()
        .map(|(name, door)| phone.relay.household(name, door))
        .unzip();
    phone.relay.push(store, entries);
    ids
}

fn doors(store: &Store, text: &str) -> Vec<String> {
    let hits = store.search(text, 10).unwrap();
    hits.into_iter().map(|hit| hit.household.door).collect()
}

#[test]
fn a_household_is_found_by_name_initials_and_door() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let ids = town(
        &mut phone,
        &store,
        &[
            ("王桂兰", "3组12号"),
            ("曾国平", "3组120号"),
            ("李桂英", "4组2号"),
        ],
    );
    for text in [
        "桂兰",
        "王桂兰",
        "wgl",
        "guilan",
        "WangGui",
        "王 12",
        "３组12号",
    ] {
        assert_eq!(doors(&store, text), ["3组12号"], "{text}");
    }
    assert_eq!(doors(&store, "12号"), ["3组12号"]);
    assert_eq!(doors(&store, "12"), ["3组12号", "3组120号"]);
    assert_eq!(doors(&store, "zgp"), ["3组120号"]);
    assert_eq!(doors(&store, "桂"), ["3组12号", "4组2号"]);
    assert!(doors(&store, "不在").is_empty());
    assert!(doors(&store, "%").is_empty());
    // A new name is found, the old one no more.
    let edit = Save::edit(ids[2], Kind::Household).set("head_name", "赵大牛");
    store.save(&edit).unwrap();
    assert_eq!(doors(&store, "zdn"), ["4组2号"]);
    assert!(doors(&store, "lgy").is_empty());
}

#[test]
fn a_member_finds_the_household_and_is_named() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let ids = town(&mut phone, &store, &[("王桂兰", "1号")]);
    let household = ids[0].to_string();
    let (_, person) = phone.relay.record(
        Kind::Person,
        &[("name", "单小娟"), ("household", &household)],
    );
    phone.relay.push(&store, vec![person]);
    let hits = store.search("sxj", 10).unwrap();
    assert_eq!(hits[0].household.record, ids[0]);
    assert_eq!(hits[0].member.as_deref(), Some("单小娟"));
    let members = store.members(&ids[0]).unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].title, "单小娟");
}

/// The budget in time is the benchmark's; what holds here is that no query reads more than a part of the index.
#[test]
fn a_search_among_a_thousand_households_stays_within_the_index() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let surnames: Vec<char> = "王李张刘陈杨黄赵吴周".chars().collect();
    let given: Vec<char> = "桂兰建国秀英志强小梅".chars().collect();
    let households: Vec<(String, String)> = (0..1000)
        .map(|n: usize| {
            let name = [surnames[n % 10], given[n / 10 % 10], given[n / 100 % 10]];
            let door = format!("{}组{}号", n / 100 + 1, n % 100 + 1);
            (name.iter().collect(), door)
        })
        .collect();
    let households: Vec<(&str, &str)> = households
        .iter()
        .map(|(name, door)| (name.as_str(), door.as_str()))
        .collect();
    town(&mut phone, &store, &households);
    let plan: String = store
        .read(|tx| {
            let sql = "EXPLAIN QUERY PLAN SELECT household, source, rank, term FROM search_term
                       WHERE term >= 'w' AND term < 'x' LIMIT 9";
            Ok(tx.query_row(sql, (), |row| row.get(3))?)
        })
        .unwrap();
    assert!(plan.contains("USING PRIMARY KEY"), "{plan}");
    for text in ["王", "w", "1", "wgl", "桂", "12号", "王 3组"] {
        assert!(!store.search(text, 20).unwrap().is_empty(), "{text}");
    }
    let exact = store.search("wgl", 3).unwrap();
    let names = ["王桂兰", "王国兰", "吴桂兰", "吴国兰"];
    assert!(
        exact
            .iter()
            .all(|hit| names.contains(&hit.household.head_name.as_str()))
    );
}

#[test]
fn next_visits_put_promises_first_then_the_never_visited_then_the_days_due() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let tiered = |phone: &mut Phone, door: &str, tier: &str| {
        let fields = [("head_name", "王"), ("door", door), ("tier", tier)];
        let (id, entry) = phone.relay.record(Kind::Household, &fields);
        (id, entry)
    };
    let (a, b, c, d) = (
        tiered(&mut phone, "1号", "A"),
        tiered(&mut phone, "2号", "C"),
        tiered(&mut phone, "3号", "A"),
        tiered(&mut phone, "4号", "C"),
    );
    let (visited_c, promised) = (b.0, c.0);
    phone.relay.push(&store, vec![a.1, b.1, c.1, d.1]);
    visit(&store, &visited_c, "2026-11-01");
    let follow_up = Save::new(Kind::Visit, open(Kind::Visit))
        .set("household", promised.to_string())
        .set("visited_on", "2026-11-10")
        .set("follow_up_on", "2026-11-20");
    let promise = store.save(&follow_up).unwrap().record;
    let list = |store: &Store| -> Vec<(String, Option<String>, bool)> {
        let visits = store.next_visits(10).unwrap();
        visits
            .into_iter()
            .map(|v| (v.household.door, v.due_on.map(|d| d.to_string()), v.due))
            .collect()
    };
    let on = |day: &str| Some(day.to_owned());
    assert_eq!(
        list(&store),
        [
            ("3号".to_owned(), on("2026-11-20"), true),
            ("4号".to_owned(), None, true),
            ("1号".to_owned(), None, true),
            ("2号".to_owned(), on("2026-12-01"), false),
        ]
    );
    // The follow-up was made: the promise is kept.
    phone.env.advance(1000);
    visit(&store, &promised, "2026-11-23");
    assert_eq!(list(&store)[0].0, "4号");
    // A visit that was for another household after all.
    let edit = Save::edit(promise, Kind::Visit).set("household", visited_c.to_string());
    store.save(&edit).unwrap();
    let visited = store.household(&visited_c).unwrap().unwrap();
    assert_eq!(visited.last_visit.as_deref(), Some("2026-11-10"));
}

#[test]
fn the_next_door_is_the_likeliest_and_todays_doors_come_last() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let names = [("甲", "1号"), ("乙", "9号"), ("丙", "10号"), ("丁", "2号")];
    let ids = town(&mut phone, &store, &names);
    visit(&store, &ids[3], "2026-11-23");
    let likely: Vec<String> = store
        .likeliest_households(9)
        .unwrap()
        .into_iter()
        .map(|h| h.door)
        .collect();
    assert_eq!(likely, ["9号", "10号", "1号", "2号"]);
}

#[test]
fn a_warning_lists_the_households_that_have_not_heard_it() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let ids = town(
        &mut phone,
        &store,
        &[("甲", "1号"), ("乙", "2号"), ("丙", "3号")],
    );
    let (first, second) = (
        format!("households/{}", ids[0]),
        format!("households/{}", ids[1]),
    );
    let (warning, entry) = phone.relay.record(
        Kind::Warning,
        &[
            ("text", "不要转账"),
            ("expires_on", "2026-11-30"),
            (&first, "true"),
            (&second, "true"),
        ],
    );
    phone.relay.push(&store, vec![entry]);
    let counts = |store: &Store| {
        let open = store.open_warnings().unwrap();
        open.iter()
            .map(|w| (w.households, w.unheard))
            .collect::<Vec<_>>()
    };
    assert_eq!(counts(&store), [(2, 2)]);
    let hear = |household: &RecordId, outcome: &str| {
        let mut save = Save::new(Kind::WarningAck, open(Kind::WarningAck))
            .set("warning", warning.to_string())
            .set("household", household.to_string())
            .set("outcome", outcome);
        save.record = Some(RecordId::acknowledgement(&warning, household));
        store.save(&save).unwrap()
    };
    hear(&ids[0], "W41");
    assert_eq!(counts(&store), [(2, 2)]);
    hear(&ids[0], "W40");
    let unheard = store.unheard(&warning).unwrap();
    assert_eq!(unheard.len(), 1);
    assert_eq!(unheard[0].record, ids[1]);
    assert_eq!(store.progress().unwrap().saved, 1);
    phone.env.advance(8 * 86_400_000);
    assert!(counts(&store).is_empty());
}
