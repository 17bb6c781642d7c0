package money_test

import (
	"fmt"

	"github.com/passerelle-pay/passerelle/money"
)

func Example() {
	price, err := money.Parse("200.0", money.XAF)
	if err != nil {
		panic(err)
	}
	fee := price.BasisPoints(250)
	total, err := price.Add(fee)
	if err != nil {
		panic(err)
	}
	fmt.Println(total, "/", total.Fixed(1))
	_, err = money.Parse("200.5", money.XAF)
	fmt.Println(err)
	// Output:
	// 205 XAF / 205.0
	// money: more decimals than the currency has
}

func ExampleAmount_Split() {
	parts, err := money.New(100, money.XAF).Split(1, 1, 1)
	fmt.Println(parts, err)
	// Output: [34 XAF 33 XAF 33 XAF] <nil>
}
