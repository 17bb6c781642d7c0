// Package archtest holds the source to the layout of the project.
//
// The layout is a list ([layout]): a package imports only packages listed
// above it, and each entry says why. Around it stand a few rules of the same
// kind: the domain does no I/O, no provider is named outside its own folder,
// no production code links test support, files and packages stay readable. A
// broken rule is printed with its reason, so that whoever meets it can judge
// whether the code or the rule has to give.
//
// The rules read the source and need no compiler: a package that does not
// build yet is checked all the same, and a package that does not exist yet
// breaks no rule. What exists without standing in the layout does: it is added
// there, at the height where it belongs.
package archtest
