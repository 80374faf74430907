//! The suite that every backend of loopline passes.
