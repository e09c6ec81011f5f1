//! Several values for each of a few names, found by the name.

/// Several values for each name, in one piece of memory: there is one of these for each function of a block.
#[derive(Debug)]
pub(crate) struct ByName<'a, T> {
    /// Sorted by name; the values of one name in the order in which they were added.
    entries: Vec<(&'a str, T)>,
}

impl<'a, T> ByName<'a, T> {
    /// All values that a name has.
    pub(crate) fn all(&self, name: &str) -> &[(&'a str, T)] {
        let first = self.entries.partition_point(|(known, _)| *known < name);
        let count = self.entries[first..].iter().take_while(|(known, _)| *known == name).count();
        &self.entries[first..first + count]
    }

    /// Whether a name has any value.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.entries.binary_search_by(|(known, _)| (*known).cmp(name)).is_ok()
    }
}

impl<'a, T> FromIterator<(&'a str, T)> for ByName<'a, T> {
    fn from_iter<I: IntoIterator<Item = (&'a str, T)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by_key(|(name, _)| *name);
        Self { entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_the_order_in_which_they_were_added() {
        let names: ByName<'_, i32> = [("b", 1), ("a", 2), ("b", 0), ("c", 3)].into_iter().collect();
        assert_eq!(names.all("b"), [("b", 1), ("b", 0)]);
        assert_eq!(names.all("c"), [("c", 3)]);
        assert!(names.all("aa").is_empty() && names.all("d").is_empty() && names.all("").is_empty());
        assert!(names.contains("a") && !names.contains("ab"));
    }
}
