//! Measures a parsed query as if every fragment were written out where it is spread. Each fragment
//! is measured once, so that fragments which spread each other twice, thirty times over, cost
//! nothing to refuse.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

/// What a selection amounts to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Fields at the top of it.
    pub(super) roots: usize,
    /// All fields.
    pub(super) fields: usize,
    /// Fields under another name.
    pub(super) aliases: usize,
    /// Levels of fields, those of introspection aside.
    pub(super) depth: usize,
    /// Levels of fields of introspection.
    pub(super) introspection: usize,
    /// Lists of the schema's parts within each other.
    pub(super) lists: usize,
}

/// A fragment spreads itself, or one that does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cycle;

/// The extent of the largest operation of the document in every direction.
pub(super) fn measure(document: &ExecutableDocument) -> Result<Extent, Cycle> {
    let mut measuring = Measuring {
        document,
        fragments: HashMap::new(),
    };
    let mut most = Extent::default();
    for (_, operation) in document.operations.iter() {
        let extent = measuring.set(&operation.node.selection_set.node)?;
        most = most.beside(extent);
    }
    Ok(most)
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    /// `None` while the fragment is being measured.
    fragments: HashMap<&'a str, Option<Extent>>,
}

impl<'a> Measuring<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Extent, Cycle> {
        let mut sum = Extent::default();
        for selection in &set.items {
            let extent = match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    let aliased = field.node.alias.is_some();
                    self.set(&field.node.selection_set.node)?
                        .below(name, aliased)
                }
                Selection::InlineFragment(fragment) => {
                    self.set(&fragment.node.selection_set.node)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str())?
                }
            };
            sum = sum.beside(extent);
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a str) -> Result<Extent, Cycle> {
        if let Some(known) = self.fragments.get(name) {
            return known.ok_or(Cycle);
        }
        // An unknown fragment is left to validation.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Extent::default());
        };
        self.fragments.insert(name, None);
        let extent = self.set(&fragment.node.selection_set.node)?;
        self.fragments.insert(name, Some(extent));
        Ok(extent)
    }
}

impl Extent {
    fn beside(self, other: Self) -> Self {
        Self {
            roots: self.roots.saturating_add(other.roots),
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            depth: self.depth.max(other.depth),
            introspection: self.introspection.max(other.introspection),
            lists: self.lists.max(other.lists),
        }
    }

    /// The extent of the field `name` with this selection.
    fn below(self, name: &str, aliased: bool) -> Self {
        let introspects = matches!(name, "__schema" | "__type");
        let lists = matches!(
            name,
            "types" | "fields" | "inputFields" | "interfaces" | "possibleTypes" | "enumValues"
        );
        Self {
            roots: 1,
            fields: self.fields.saturating_add(1),
            aliases: self.aliases.saturating_add(usize::from(aliased)),
            depth: if introspects { 1 } else { self.depth + 1 },
            introspection: if introspects {
                self.depth + 1
            } else {
                self.introspection
            },
            lists: self.lists + usize::from(lists),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use async_graphql::parser::parse_query;

    use super::*;

    fn extent(query: &str) -> Result<Extent, Cycle> {
        measure(&parse_query(query).unwrap())
    }

    #[test]
    fn fragments_count_where_they_are_spread() {
        let query = "{ a { ...F ...F } x: b { ... on T { c } } } fragment F on T { y: d { e } }";
        let expected = Extent {
            roots: 2,
            fields: 7,
            aliases: 3,
            depth: 3,
            introspection: 0,
            lists: 0,
        };
        assert_eq!(extent(query).unwrap(), expected);
    }

    #[test]
    fn fragments_that_multiply_are_measured_at_once() {
        let mut query = String::from("{ ...F0 } fragment F60 on T { a }");
        for number in 0..60 {
            let next = number + 1;
            query += &format!(" fragment F{number} on T {{ ...F{next} ...F{next} }}");
        }
        assert_eq!(extent(&query).unwrap().fields, 1 << 60);
    }

    #[test]
    fn fragments_in_a_circle_have_no_extent() {
        let query = "{ ...A } fragment A on T { ...B } fragment B on T { ...A }";
        assert_eq!(extent(query), Err(Cycle));
    }

    #[test]
    fn introspection_has_a_depth_of_its_own() {
        let extent = extent("{ __schema { types { fields { name } } } order { id } }").unwrap();
        assert_eq!(
            (extent.depth, extent.introspection, extent.lists),
            (2, 4, 2)
        );
    }
}
