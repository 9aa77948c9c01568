//! Lists of whatever, to go back to what they were.

/// A list that can forget what was added to it.
pub(super) trait List {
    /// How long it is.
    fn length(&self) -> usize;

    /// Forgets what was added since it was so long.
    fn cut(&mut self, length: usize);
}

impl<T> List for Vec<T> {
    fn length(&self) -> usize {
        self.len()
    }

    fn cut(&mut self, length: usize) {
        self.truncate(length);
    }
}
