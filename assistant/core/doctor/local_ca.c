/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/doctor/local_ca.h"

#include "assistant/core/cert.h"

/* Where administrators put them: Debian and its relatives, Fedora and its relatives. */
static const char *const folders[] = {"/usr/local/share/ca-certificates",
				      "/etc/pki/ca-trust/source/anchors"};

static void
add_file(X509_STORE *store, const char *path)
{
	g_autoptr(GPtrArray) certs = ouk_x509_read_all(path, NULL);

	for (guint i = 0; certs != NULL && i < certs->len; i++)
		X509_STORE_add_cert(store, g_ptr_array_index(certs, i));
}

static void
add_folder(X509_STORE *store, const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			add_folder(store, path);
		else
			add_file(store, path);
	}
}

gboolean
local_ca_vouches(GPtrArray *chain)
{
	g_autoptr(X509_STORE) store = X509_STORE_new();
	g_autoptr(X509_STORE_CTX) context = X509_STORE_CTX_new();
	STACK_OF(X509) *others = sk_X509_new_null();
	gboolean vouched = FALSE;

	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
		add_folder(store, folders[i]);
	for (guint i = 1; i < chain->len; i++)
		sk_X509_push(others, g_ptr_array_index(chain, i));
	if (X509_STORE_CTX_init(context, store, g_ptr_array_index(chain, 0), others) == 1) {
		/* an intermediate that was added counts as well; times were judged before */
		X509_STORE_CTX_set_flags(context,
					 X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
		vouched = X509_verify_cert(context) == 1;
	}
	sk_X509_free(others);
	return vouched;
}
