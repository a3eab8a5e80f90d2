-- price_book: what everything costs, as known at one moment, as a value.
--
-- Invariant: a book carries its prices and settings in itself: what is asked of it reads
-- no table and no setting, and so is IMMUTABLE.

CREATE TYPE price_book;

CREATE FUNCTION inferacct_internal.price_book_in(cstring) RETURNS price_book
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.price_book_out(price_book) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.price_book_recv(internal) RETURNS price_book
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.price_book_send(price_book) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE price_book (
	INPUT = price_book_in, OUTPUT = price_book_out, RECEIVE = price_book_recv, SEND = price_book_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE price_book IS
'All prices and aliases as known at one moment: self-contained and read-only. Its text form is JSON; '
'text and binary forms carry the price rows, without loss. A stored value that another version laid out otherwise, or '
'that is damaged, is refused (XX001).';

CREATE FUNCTION price_book(as_of timestamptz DEFAULT NULL, contract text DEFAULT NULL, unpriced text DEFAULT NULL,
	guess text DEFAULT NULL)
RETURNS price_book
LANGUAGE c STABLE PARALLEL SAFE COST 50000
AS 'MODULE_PATHNAME', 'price_book_make';

COMMENT ON FUNCTION price_book(timestamptz, text, text, text) IS
'The price book of this moment. as_of: only what was published until then (NULL: inferacct.as_of, '
'or all); contract: whose negotiated prices apply (NULL: inferacct.contract, '
'or list prices); unpriced: error or null, what a request without a price costs by this book (NULL: '
'inferacct.unpriced); guess: allow or refuse, whether a guessed name or a fallback has a price (NULL: '
'inferacct.guess). The book carries all four, and inferacct.stale_after: no setting changes later what it answers. '
'Use it as (SELECT price_book()) so that a query makes it once. Errors: IA006 unknown contract, '
'22023 another unpriced or guess.';

CREATE FUNCTION inferacct_internal.price_book_of_version(version bigint, contract text DEFAULT NULL,
	unpriced text DEFAULT NULL)
RETURNS price_book
LANGUAGE c STABLE PARALLEL SAFE COST 50000
AS 'MODULE_PATHNAME', 'price_book_of_version';

COMMENT ON FUNCTION price_book_of_version(bigint, text, text) IS
'The price book of all versions up to this one, whenever published: what this database knew right after it. '
'NULL version gives NULL. contract and unpriced as in price_book().';

CREATE FUNCTION price_book_scale(book price_book, factor numeric, provider text DEFAULT NULL, model text DEFAULT NULL,
	meter text DEFAULT NULL)
RETURNS price_book
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50000
AS 'MODULE_PATHNAME', 'price_book_scale';

COMMENT ON FUNCTION price_book_scale(price_book, numeric, text, text, text) IS
'What if: the same book with the prices of a provider, model and meter (NULL: all) times factor; '
'0.85 is 15 % cheaper. NULL book or factor gives NULL. Errors: IA101 a product finer than 1e-15 USD per unit, 22023 a '
'negative factor, one of more than 9 decimals, or an unknown meter.';

CREATE FUNCTION price_book_info(book price_book,
	OUT version bigint, OUT as_of timestamptz, OUT contract text, OUT models bigint, OUT prices bigint,
	OUT aliases bigint, OUT bytes bigint, OUT build_ms float8, OUT unpriced text, OUT guess text,
	OUT stale_after integer)
RETURNS record
LANGUAGE c VOLATILE STRICT PARALLEL SAFE COST 50000
AS 'MODULE_PATHNAME', 'price_book_info';

COMMENT ON FUNCTION price_book_info(price_book) IS
'About a price book: the highest price version in it, the as_of it was made for (infinity: everything known), its '
'contract, how many models, price rows and aliases it has, its size in bytes, and how many milliseconds it took to '
'build its rate cards again from their rows just now, what a request without a price costs by it (error or null), '
'whether a guess has a price (allow or refuse), and for how many days a check of a price holds (NULL: for ever).';

