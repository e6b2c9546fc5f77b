//! Sources and jobs are named by their place in their plan. Lists with a value for each of them
//! take only ids of their own kind.

use std::marker::PhantomData;
use std::ops::Index;

use serde::Serialize;

/// A place in a list of one kind.
pub trait PlanId: Copy {
    /// The id of the place `index`.
    fn at(index: usize) -> Self;

    /// Its place.
    fn index(self) -> usize;
}

/// A source of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(usize);

/// A compile job of a plan. Ids have the jobs' order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct JobId(usize);

impl PlanId for SourceId {
    fn at(index: usize) -> Self {
        Self(index)
    }

    fn index(self) -> usize {
        self.0
    }
}

impl PlanId for JobId {
    fn at(index: usize) -> Self {
        Self(index)
    }

    fn index(self) -> usize {
        self.0
    }
}

/// A value for each id, in the ids' order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexVec<I, T> {
    values: Vec<T>,
    ids: PhantomData<I>,
}

impl<I: PlanId, T> IndexVec<I, T> {
    /// Adds a value at the end and returns its id.
    pub(super) fn push(&mut self, value: T) -> I {
        let id = self.next_id();
        self.values.push(value);
        id
    }

    /// The id that the next value gets.
    pub(super) fn next_id(&self) -> I {
        I::at(self.values.len())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.values.iter()
    }

    /// The ids.
    pub fn ids(&self) -> impl Iterator<Item = I> + use<I, T> {
        (0..self.values.len()).map(I::at)
    }

    /// The values, each with its id.
    pub fn entries(&self) -> impl Iterator<Item = (I, &T)> {
        self.ids().zip(&self.values)
    }

    /// Another value for each id, made from the id and the value here.
    pub fn map<U>(&self, mut make: impl FnMut(I, &T) -> U) -> IndexVec<I, U> {
        IndexVec::from_values(self.entries().map(|(id, value)| make(id, value)).collect())
    }

    /// As [`IndexVec::map`], where making a value can fail.
    ///
    /// # Errors
    /// The first of `make`.
    pub fn try_map<U, E>(
        &self,
        mut make: impl FnMut(I, &T) -> Result<U, E>,
    ) -> Result<IndexVec<I, U>, E> {
        let values = self.entries().map(|(id, value)| make(id, value));
        Ok(IndexVec::from_values(values.collect::<Result<_, E>>()?))
    }

    /// Another value for each id, made from the value here, which is given up.
    pub fn into_map<U>(self, make: impl FnMut(T) -> U) -> IndexVec<I, U> {
        IndexVec::from_values(self.values.into_iter().map(make).collect())
    }

    fn from_values(values: Vec<T>) -> Self {
        Self {
            values,
            ids: PhantomData,
        }
    }
}

impl<I: PlanId, T> Default for IndexVec<I, T> {
    fn default() -> Self {
        Self::from_values(Vec::new())
    }
}

impl<I: PlanId, T> Index<I> for IndexVec<I, T> {
    type Output = T;

    fn index(&self, id: I) -> &T {
        &self.values[id.index()]
    }
}

impl<'a, I: PlanId, T> IntoIterator for &'a IndexVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
