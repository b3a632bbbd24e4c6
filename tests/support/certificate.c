#include "tests/support/certificate.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { LIFETIME_S = 24 * 60 * 60, VERSION_3 = 2 };

static X509 *make(EVP_PKEY *key) {
    X509 *certificate = X509_new();
    assert(certificate != NULL);
    X509_set_version(certificate, VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -LIFETIME_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME_S);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    assert(names != NULL);
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    int signed_bytes = X509_sign(certificate, key, EVP_sha256());
    assert(signed_bytes > 0);
    return certificate;
}

bool certificate_make(const char *certificate_path, const char *key_path) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert(key != NULL);
    X509 *certificate = make(key);
    FILE *certificate_file = fopen(certificate_path, "w");
    FILE *key_file = fopen(key_path, "w");
    bool written = certificate_file != NULL && key_file != NULL &&
                   PEM_write_X509(certificate_file, certificate) == 1 &&
                   PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL) == 1;
    if (certificate_file != NULL)
        written = fclose(certificate_file) == 0 && written;
    if (key_file != NULL)
        written = fclose(key_file) == 0 && written;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return written;
}
