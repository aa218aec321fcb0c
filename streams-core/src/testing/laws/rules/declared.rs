//! Laws that the user declared: references, counted drops, and those of the user's own.

use std::rc::Rc;

use crate::testing::laws::compare::Broken;
use crate::testing::laws::{Laws, Violation};

impl Laws {
    /// Checks what was declared by `reference` and its like, `accounts_for` and `law`, each by itself.
    pub fn declared_laws(&self) -> Result<(), Violation> {
        for (name, check) in &self.declared {
            let check = Rc::clone(check);
            self.search(name, |scenario| {
                let mut driver = self.bench().plain(&scenario.steps)?;
                check(&scenario.events(), &mut driver)?;
                if self.under_any_commits {
                    let mut driver = self.bench().batched(&scenario.steps)?;
                    check(&scenario.events(), &mut driver).map_err(|broken| {
                        Broken(format!("with commits only where they are shown:\n{}", broken.0))
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
