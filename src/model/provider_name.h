/*
 * provider_name.h
 *	  Spellings of providers, and who makes a model.
 *
 * Pure C: no postgres.h.  Nothing here allocates.
 */
#ifndef INFERACCT_PROVIDER_NAME_H
#define INFERACCT_PROVIDER_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* All spellings of a provider, NULL-terminated; NULL for one that is not known. */
extern const char *const *ProviderFamily(const char *provider);

/* The provider that makes the models whose names begin so; NULL when nobody is known to. */
extern const char *MakerOf(const char *model);

/*
 * Write the one name of a provider that a log calls `label`: the provider that
 * the model is priced under, when the label is a spelling of it ("vendor", which
 * may be NULL), else the first of its known spellings, else the label as written.
 * false, and nothing is written, when it does not fit in MODEL_NAME_SIZE bytes.
 */
extern bool ProviderNameOf(const char *label, size_t length, const char *vendor, char *name);

#endif							/* INFERACCT_PROVIDER_NAME_H */
