#ifndef CONSILIUM_CLIENTS_NATIVE_DEMO_REPORT_H
#define CONSILIUM_CLIENTS_NATIVE_DEMO_REPORT_H

#include "clients/native/demo/pdf_report.h"

// The written report of the cranium case: three pages of invented text, marked on each.
extern const struct pdf_report demo_cranium_report;

#endif
