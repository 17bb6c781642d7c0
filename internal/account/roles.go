package account

// Role is what a person is to their merchant.
type Role string

// The roles.
const (
	Owner    Role = "owner"
	Operator Role = "operator"
	ReadOnly Role = "read_only"
)

// Roles lists the roles that an owner may give.
func Roles() []Role { return []Role{Operator, ReadOnly} }

// Power is something that some roles may do and others not.
type Power string

// The powers.
const (
	// See reads whatever concerns the merchant's money.
	See Power = "see"
	// Operate acts on single transactions, makes payment links, and asks for and
	// approves bulk payouts.
	Operate Power = "operate"
	// Manage changes what the money runs through, keys and people, and reads
	// what they did.
	Manage Power = "manage"
)

// May reports whether a role has a power. An unknown role has none.
func (r Role) May(p Power) bool {
	switch r {
	case Owner:
		return true
	case Operator:
		return p == See || p == Operate
	case ReadOnly:
		return p == See
	}
	return false
}
