/* tests/web/embedders_tests.h — questions of embedders.h; test_embedders.c asks all. */
#ifndef EMBEDDERS_TESTS_H
#define EMBEDDERS_TESTS_H

/* embedders_simulated.c: quotes, sets and policies of a simulated platform */
void simulated_quotes_of_every_kind_are_judged_alike(void **state);
void an_altered_simulated_quote_is_refused_alike(void **state);
void sets_of_a_simulated_platform_are_judged_alike(void **state);
void policies_decide_alike(void **state);

/* embedders_proofs.c: statements */
void statements_altered_by_one_bit_are_refused(void **state);
void statements_are_bound_to_their_quotes(void **state);

#endif
