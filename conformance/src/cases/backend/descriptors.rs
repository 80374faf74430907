//! B13: the descriptors that a backend makes are its own.

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::os;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B13,
        children_inherit_none,
        "A child process does not inherit the descriptors of a backend."
    )
    .anywhere()
    .needs(Need::DESCRIPTOR_LISTS)
    .isolated(),
    case!(
        B13,
        dropping_closes_them,
        "The descriptors of a backend are closed with it, though a waker is kept."
    )
    .anywhere()
    .needs(Need::DESCRIPTOR_LISTS)
    .isolated(),
];

fn children_inherit_none(context: &Context) -> Outcome {
    let before = os::inherited_descriptors()?;
    let mut driver = Driver::new(context)?;
    driver.poll()?;
    assert_eq!(os::inherited_descriptors()?, before);
    Ok(())
}

fn dropping_closes_them(context: &Context) -> Outcome {
    // What a process makes once, for all backends, is made by the first.
    Driver::new(context)?.poll()?;
    let before = os::open_descriptors()?.len();
    let mut driver = Driver::new(context)?;
    driver.poll()?;
    let waker = driver.waker();
    drop(driver);
    assert_eq!(os::open_descriptors()?.len(), before);
    drop(waker);
    Ok(())
}
