package outbound

// signs are the signs in a text without which patterns find nothing.
type signs uint16

const (
	digitSign signs = 1 << iota
	colonSign
	equalsSign
	blankSign
	underscoreSign
	quoteSign
	lessSign
	greaterSign
	atSign
	capitalJSign // of a JWT, eyJ…

	// patternSigns are those that maskPatterns asks for; numbers have their own.
	patternSigns = colonSign | equalsSign | blankSign | underscoreSign | quoteSign | lessSign | greaterSign | atSign | capitalJSign
)

var signOf = func() (table [256]signs) {
	for sign, bytes := range map[signs]string{
		digitSign: "0123456789", colonSign: ":", equalsSign: "=", blankSign: " \t", underscoreSign: "_",
		quoteSign: `"`, lessSign: "<", greaterSign: ">", atSign: "@", capitalJSign: "J",
	} {
		for i := range len(bytes) {
			table[bytes[i]] = sign
		}
	}
	return table
}()

func signsIn(s string) signs {
	var found signs
	for i := range len(s) {
		found |= signOf[s[i]]
	}
	return found
}
