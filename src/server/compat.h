/*
 * compat.h
 *	  Differences between PostgreSQL majors.  The only file with a test of
 *	  PG_VERSION_NUM.  Included after postgres.h.
 */
#ifndef INFERACCT_COMPAT_H
#define INFERACCT_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "inferacct needs PostgreSQL 15 or newer"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM >= 180000
#define INFERACCT_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "inferacct", .version = "0.1")
#else
#define INFERACCT_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 16 added a last argument for more about an error; nobody here needs it. */
#if PG_VERSION_NUM >= 160000
#define InferacctDecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz) \
	DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz, &(DateTimeErrorExtra) {0})
#else
#define InferacctDecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz) \
	DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tz)
#endif

/* 17 dropped the last argument: the count never includes itself. */
#if PG_VERSION_NUM >= 170000
#define InferacctSendCountedText(message, bytes, length) pq_sendcountedtext(message, bytes, length)
#else
#define InferacctSendCountedText(message, bytes, length) pq_sendcountedtext(message, bytes, length, false)
#endif

/* Is a text JSON that jsonb takes?  Raises nothing.  The making of a lexer changed in 17. */
#if PG_VERSION_NUM >= 170000
#define InferacctJsonLexer(string, length) makeJsonLexContextCstringLen(NULL, string, length, GetDatabaseEncoding(), true)
#else
#define InferacctJsonLexer(string, length) makeJsonLexContextCstringLen(string, length, GetDatabaseEncoding(), true)
#endif
#define InferacctIsJson(string, length) (pg_parse_json(InferacctJsonLexer(string, length), &nullSemAction) == JSON_SUCCESS)

/* Up to 15 a function of SQL was exported only because everything was. */
#if PG_VERSION_NUM < 160000
#include "fmgr.h"

#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname) \
extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS); \
extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_, funcname) (void); \
const Pg_finfo_record * \
CppConcat(pg_finfo_, funcname) (void) \
{ \
	static const Pg_finfo_record my_finfo = {1}; \
	return &my_finfo; \
} \
extern int no_such_variable
#endif

#endif							/* INFERACCT_COMPAT_H */
