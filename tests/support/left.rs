//! What a report says is left of the secret `n` in `my-vault`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It says nothing of it.
    Nothing,
    PerhapsSecret,
    Secret,
    /// The secret, with versions of somebody else's.
    Shared,
    PerhapsDeletion,
    Deletion,
}

const SENTENCES: [(&str, Left); 7] = [
    ("The secret 'n' is still in my-vault, with what others have made of it. A version", Left::Shared),
    ("The secret 'n' is still in my-vault, with what others have made of it, unless its", Left::PerhapsDeletion),
    ("The deletion of the secret 'n' from my-vault has begun, and takes a version", Left::Deletion),
    ("The secret 'n' may be in my-vault: nothing tells whether it was created. To delete it:", Left::PerhapsSecret),
    ("The secret 'n' is still in my-vault. To delete it:", Left::Secret),
    ("The secret 'n' is still in my-vault, unless its deletion has begun. To delete it:", Left::PerhapsDeletion),
    ("The deletion of the secret 'n' from my-vault has begun. Once it is complete,", Left::Deletion),
];

/// What the report says, which is one of those sentences, or nothing that begins as they do.
pub fn told(stderr: &str) -> Left {
    let said: Vec<_> = SENTENCES.iter().filter(|(sentence, _)| stderr.contains(sentence)).collect();
    let count = |text: &str| stderr.matches(text).count();
    // That somebody else's exists is no word on what is left.
    let of_it = count("The secret 'n'") + count("The deletion of the secret 'n'");
    let others = [
        "exists in my-vault",
        "was deleted from my-vault with",
        "was not deleted from my-vault",
        "was not purged from my-vault",
    ]
    .map(|verb| count(&format!("The secret 'n' {verb}")))
    .iter()
    .sum::<usize>();
    assert_eq!(of_it - others, said.len(), "{stderr}");
    match said.as_slice() {
        [] => Left::Nothing,
        [(_, left)] => *left,
        _ => panic!("it contradicts itself: {stderr}"),
    }
}
