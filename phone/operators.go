package phone

import (
	"strings"

	"github.com/passerelle-pay/passerelle/money"
)

// operators is the table of services. In each country the first is the one
// suggested for a prefix that none lists.
//
// Prefixes are those of the regulators' numbering plans; for Gabon and the
// Democratic Republic of the Congo they are the providers' own rule (wire:
// mypvit, operators by prefix; flexpay, operator by prefix after 243).
var operators = []Operator{
	operator("airtel_ga", "Airtel Money", "airtel_money", "7", money.XAF),
	operator("moov_ga", "Moov Money", "moov_money", "6", money.XAF),

	operator("mtn_cg", "MTN MoMo", "mtn_momo", "06", money.XAF),
	operator("airtel_cg", "Airtel Money", "airtel_money", "04 05", money.XAF),

	operator("orange_cm", "Orange Money", "orange_money",
		"640 641 655 656 657 658 659 686 687 688 689 69", money.XAF),
	operator("mtn_cm", "MTN MoMo", "mtn_momo",
		"650 651 652 653 654 67 680 681 682 683", money.XAF),

	// Beside the prefixes of ten digits stand those of the former eight, in
	// which the second digit told the operator.
	operator("orange_ci", "Orange Money", "orange_money",
		"07 08 09 47 48 49 57 58 59 67 68 69 77 78 79 87 88 89", money.XOF),
	operator("mtn_ci", "MTN MoMo", "mtn_momo",
		"04 05 06 44 45 46 54 55 56 64 65 66 74 75 76 84 85 86", money.XOF),
	operator("moov_ci", "Moov Money", "moov_money",
		"01 02 03 40 41 42 43 50 51 52 53 60 61 62 63 70 71 72 73 80 81 82 83", money.XOF),
	operator("wave_ci", "Wave", "wave", "", money.XOF),

	operator("orange_sn", "Orange Money", "orange_money", "71 77 78", money.XOF),
	operator("free_sn", "Free Money", "free_money", "76", money.XOF),
	operator("wave_sn", "Wave", "wave", "", money.XOF),

	operator("orange_bf", "Orange Money", "orange_money",
		"04 05 06 07 44 45 46 54 55 56 57 64 65 66 67 74 75 76 77", money.XOF),
	operator("moov_bf", "Moov Money", "moov_money",
		"01 02 03 50 51 52 53 60 61 62 63 70 71 72 73", money.XOF),

	operator("orange_ml", "Orange Money", "orange_money",
		"200 7 82 83 84 85 90 91 92 93 94", money.XOF),
	operator("moov_ml", "Moov Money", "moov_money", "207 217 6 89 95 96 97 98 99", money.XOF),

	operator("togocom_tg", "T-Money", "tmoney", "70 71 72 90 91 92 93", money.XOF),
	operator("moov_tg", "Moov Money", "moov_money", "78 79 96 97 98 99", money.XOF),

	operator("mtn_bj", "MTN MoMo", "mtn_momo",
		"0142 0146 0150 0151 0152 0153 0154 0156 0157 0159 0161 0162 0166 0167 0169"+
			" 0190 0191 0196 0197", money.XOF),
	operator("moov_bj", "Moov Money", "moov_money",
		"0145 0155 0158 0160 0163 0164 0165 0168 0194 0195 0198 0199", money.XOF),

	operator("orange_gn", "Orange Money", "orange_money", "61 62", money.GNF),
	operator("mtn_gn", "MTN MoMo", "mtn_momo", "66", money.GNF),

	operator("airtel_ne", "Airtel Money", "airtel_money", "77 86 87 88 89 96 97 98 99", money.XOF),
	operator("moov_ne", "Moov Money", "moov_money", "74 84 85 94 95", money.XOF),
	operator("zamani_ne", "Zamani Cash", "zamani_cash", "23 70 80 81 82 90 91 92", money.XOF),
	// Money-transfer companies, open to the customers of every network.
	operator("nita_ne", "MyNITA", "nita_transfert", "", money.XOF),
	operator("amana_ne", "Amanata", "amana_transfert", "", money.XOF),
	operator("zeyna_ne", "ZeynaCash", "zeyna_transfert", "", money.XOF),

	operator("mpesa_cd", "M-Pesa", "mpesa", "81 82 83", money.CDF, money.USD),
	operator("orange_cd", "Orange Money", "orange_money", "80 84 85 89", money.CDF, money.USD),
	operator("airtel_cd", "Airtel Money", "airtel_money", "97 98 99", money.CDF, money.USD),
	operator("africell_cd", "Afrimoney", "afrimoney", "90 91", money.CDF, money.USD),
}

// operator makes a row of the table; the country is the end of the id.
func operator(id, name, brand, prefixes string, currencies ...money.Currency) Operator {
	_, country, _ := strings.Cut(id, "_")
	return Operator{
		ID:         id,
		Name:       name,
		Brand:      brand,
		Country:    strings.ToUpper(country),
		Currency:   currencies[0],
		Currencies: currencies,
		Prefixes:   strings.Fields(prefixes),
	}
}
