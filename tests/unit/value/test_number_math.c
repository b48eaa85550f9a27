/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

typedef enum number_error binary_fn(struct number a, struct number b,
    struct number *out);
typedef enum number_error unary_fn(struct number a, struct number *out);

static void
assert_gives(binary_fn *operation, const char *a, const char *b,
    const char *expected)
{
	struct number n;
	assert_int_equal(operation(number_of(a), number_of(b), &n), NUMBER_OK);
	assert_number(n, expected);
}

static void
assert_fails(binary_fn *operation, const char *a, const char *b,
    enum number_error expected)
{
	struct number n;
	assert_int_equal(operation(number_of(a), number_of(b), &n), expected);
}

static void
assert_makes(unary_fn *operation, const char *a, const char *expected)
{
	struct number n;
	assert_int_equal(operation(number_of(a), &n), NUMBER_OK);
	assert_number(n, expected);
}

static void
test_sums_of_money_are_exact(void **state)
{
	(void)state;
	assert_gives(number_add, "0.1", "0.2", "0.3");
	assert_gives(number_add, "1234.10", "0.90", "1235.00");
	assert_gives(number_add, "99999999999999999999.99", "0.01",
	    "100000000000000000000.00");
	assert_gives(number_subtract, "5", "5.00", "0.00");
	assert_gives(number_subtract, "0.3", "0.1", "0.2");
	assert_gives(number_multiply, "19.99", "3", "59.97");
	assert_gives(number_multiply, "-1", "0.00", "0.00");
	assert_gives(number_divide, "10", "4", "2.5");
	assert_gives(number_divide, "100.00", "4", "25.00");
}

static void
test_what_does_not_fit_is_rounded_half_even(void **state)
{
	(void)state;
	assert_gives(number_divide, "2", "3",
	    "0.6666666666666666666666666666666667");
	assert_gives(number_add, "1000000000000000000000000000000001", "0.5",
	    "1000000000000000000000000000000002");
	assert_gives(number_add, "1000000000000000000000000000000000", "0.5",
	    "1000000000000000000000000000000000");
}

static void
test_what_has_no_answer_is_an_error(void **state)
{
	struct number n;
	(void)state;
	assert_fails(number_divide, "1", "0", NUMBER_UNDEFINED);
	assert_fails(number_divide, "0", "0", NUMBER_UNDEFINED);
	assert_fails(number_modulo, "1", "0", NUMBER_UNDEFINED);
	assert_fails(number_power, "-8", "0.5", NUMBER_UNDEFINED);
	assert_fails(number_power, "0", "-1", NUMBER_UNDEFINED);
	assert_fails(number_multiply, "1E6000", "1E6000", NUMBER_RANGE);
	assert_fails(number_power, "10", "7000", NUMBER_RANGE);
	assert_int_equal(number_sqrt(number_of("-1"), &n), NUMBER_UNDEFINED);
	assert_int_equal(number_log(number_of("0"), &n), NUMBER_UNDEFINED);
	assert_int_equal(number_log(number_of("-1"), &n), NUMBER_UNDEFINED);
	assert_int_equal(number_exp(number_of("99999"), &n), NUMBER_RANGE);
}

static void
test_modulo_has_the_sign_of_the_divisor(void **state)
{
	(void)state;
	assert_gives(number_modulo, "12", "5", "2");
	assert_gives(number_modulo, "-12", "5", "3");
	assert_gives(number_modulo, "12", "-5", "-3");
	assert_gives(number_modulo, "-12", "-5", "-2");
	assert_gives(number_modulo, "10.1", "4.5", "1.1");
	assert_gives(number_modulo, "-10.1", "4.5", "3.4");
	assert_gives(number_modulo, "-10", "5", "0");
	assert_gives(number_modulo, "1E6000", "7", "1");
}

static void
test_whole_powers_are_exact_where_they_fit(void **state)
{
	(void)state;
	assert_gives(number_power, "2", "10", "1024");
	assert_gives(number_power, "1.1", "2", "1.21");
	assert_gives(number_power, "1.05", "12",
	    "1.795856326022129150390625");
	assert_gives(number_power, "-2", "3", "-8");
	assert_gives(number_power, "2", "-3", "0.125");
	assert_gives(number_power, "7", "0", "1");
	assert_gives(number_power, "0", "0", "1");
	assert_gives(number_power, "10", "-2", "0.01");
	assert_gives(number_power, "2", "111",
	    "2596148429267413814265248164610048");
}

static void
test_broken_powers_and_roots_have_no_added_zeros(void **state)
{
	(void)state;
	assert_gives(number_power, "4", "0.5", "2");
	assert_gives(number_power, "0.25", "0.5", "0.5");
	assert_makes(number_sqrt, "16", "4");
	assert_makes(number_sqrt, "0.0625", "0.25");
	assert_makes(number_sqrt, "2",
	    "1.414213562373095048801688724209698");
	assert_makes(number_exp, "0", "1");
	assert_makes(number_exp, "1", "2.718281828459045235360287471352662");
	assert_makes(number_log, "1", "0");
	assert_makes(number_log, "10", "2.302585092994045684017991454684364");
}

/* 360 monthly payments, and what the library is up to 17 units off at. */
static void
test_powers_are_right_in_all_their_digits(void **state)
{
	(void)state;
	assert_gives(number_power, "1.003125", "-360",
	    "0.3252224591723127419700637978073457");
	assert_gives(number_power, "0.3212233079", "57",
	    "7.726838838651631985274811479608644E-29");
	assert_gives(number_power, "52.88200182", "46",
	    "1.871383481329405906396199134427064E+79");
	assert_gives(number_power, "1.0000000001", "9000000000",
	    "2.459603111046267523807932986214059");
	assert_gives(number_power, "1.00000001", "123456789",
	    "3.43689306270631121329701099789603");
	assert_gives(number_power, "-1.0000000001", "1000000001",
	    "-1.105170918180638862028723970330831");
	assert_gives(number_power, "0.99999999", "999999999",
	    "0.00004539992794648768449282776332083482");
	assert_gives(number_power, "-1.7", "-33",
	    "-2.484194491970261472855295517005282E-8");
	assert_gives(number_power, "3", "-40",
	    "8.225263339969959081282058400607250E-20");
	assert_gives(number_power, "2.803852808", "0.0148525388",
	    "1.015430728397893509472108283025974");
	assert_gives(number_power, "0.5", "1.5",
	    "0.3535533905932737622004221810524245");
	assert_gives(number_power, "1.000000000000000000000000000000001",
	    "0.1", "1");
}

static void
test_exp_and_log_are_right_in_all_their_digits(void **state)
{
	(void)state;
	assert_makes(number_exp, "-80",
	    "1.804851387845415172312128357350027E-35");
	assert_makes(number_exp, "900",
	    "7.328814222307421705188664731793810E+390");
	assert_makes(number_exp, "14149",
	    "6.801809260978894125530050851897730E+6144");
	assert_makes(number_exp, "1E-30",
	    "1.000000000000000000000000000001");
	assert_makes(number_log, "0.00026018",
	    "-8.254136858790861123475287529589599");
	assert_makes(number_log, "0.09600952354",
	    "-2.343307888892980078705843900160068");
	assert_makes(number_log, "1.000000000000000000000000000000001",
	    "9.999999999999999999999999999999995E-34");
	assert_makes(number_log, "1E-6176",
	    "-14220.76553433122614449511522413063");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sums_of_money_are_exact),
	    cmocka_unit_test(test_what_does_not_fit_is_rounded_half_even),
	    cmocka_unit_test(test_what_has_no_answer_is_an_error),
	    cmocka_unit_test(test_modulo_has_the_sign_of_the_divisor),
	    cmocka_unit_test(test_whole_powers_are_exact_where_they_fit),
	    cmocka_unit_test(test_broken_powers_and_roots_have_no_added_zeros),
	    cmocka_unit_test(test_powers_are_right_in_all_their_digits),
	    cmocka_unit_test(test_exp_and_log_are_right_in_all_their_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
