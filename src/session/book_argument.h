/*
 * book_argument.h
 *	  A price_book as an argument of a function.
 *
 * Invariant: a book is looked at only when it was made by a build like this one
 * and is not damaged (PriceBookCheck()).  Included after postgres.h.
 */
#ifndef INFERACCT_BOOK_ARGUMENT_H
#define INFERACCT_BOOK_ARGUMENT_H

#include "fmgr.h"

#include "session/statement_prices.h"

/* The book of an argument; an error when it is damaged, or of another version. */
extern const PriceBook *BookArgument(FunctionCallInfo fcinfo, int argument);

/*
 * The prices of an argument of type price_book, kept at the call site for each
 * book that was met; the function keeps nothing else there.
 */
extern Pricing *PricingOfArgument(FunctionCallInfo fcinfo, int argument);

#endif							/* INFERACCT_BOOK_ARGUMENT_H */
