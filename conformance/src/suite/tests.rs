use super::*;

fn refused(line: &str) -> bool {
    let trials = ["one::backend::B1_a", "two::backend::B1_a"];
    let trials = trials.map(|name| Trial::test(name, || Ok(())));
    let arguments = Arguments::from_iter(line.split(' '));
    refuse_to_run_nothing(&arguments, &trials).is_err()
}

#[test]
fn a_filter_that_chooses_nothing_is_refused() {
    for line in [
        "suite three",
        "suite B1 --exact",
        "suite --skip backend",
        "suite one --skip one",
    ] {
        assert!(refused(line), "{line}");
    }
}

#[test]
fn a_filter_that_chooses_something_is_not() {
    for line in [
        "suite",
        "suite one",
        "suite B1",
        "suite two::backend::B1_a --exact --nocapture",
        "suite --skip one",
    ] {
        assert!(!refused(line), "{line}");
    }
}

#[test]
fn tools_that_ask_for_a_list_get_one() {
    for line in [
        "suite --list --format terse",
        "suite --list --format terse --ignored",
        "suite three --list",
    ] {
        assert!(!refused(line), "{line}");
    }
}

#[test]
fn a_suite_without_a_subject_is_refused() {
    assert!(Suite::new().entries(cases::LAYERS).is_err());
}

#[test]
fn only_the_chosen_layers_run() {
    struct Nothing;
    impl Subject for Nothing {
        fn name(&self) -> &'static str {
            "nothing"
        }
        fn backend(&self) -> io::Result<Box<dyn loopline_core::backend::Backend>> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    let suite = Suite::new().subject(Nothing).layers([Layer::Watch]);
    let entries = suite.entries(cases::LAYERS).expect("one subject");
    let (cases, ledger): (Vec<_>, Vec<_>) = entries
        .iter()
        .map(|entry| entry.name.as_str())
        .partition(|name| name.starts_with("nothing::watch::"));
    assert!(!cases.is_empty());
    assert_eq!(ledger, ["nothing::suite::every_expectation_names_a_case"]);
}
