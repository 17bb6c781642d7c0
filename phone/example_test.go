package phone_test

import (
	"fmt"

	"github.com/passerelle-pay/passerelle/phone"
)

func Example() {
	number, err := phone.Parse("066 00 01 00", "GA")
	if err != nil {
		panic(err)
	}
	fmt.Println("logged:", number)
	fmt.Println("sent:", number.E164(), number.Digits(), number.National())
	if operator, ok := phone.Suggest(number); ok {
		fmt.Println("offered:", operator.Name)
	}
	// Output:
	// logged: +241••••0100
	// sent: +24166000100 24166000100 066000100
	// offered: Moov Money
}
