#include "clients/native/demo/demo_report.h"

static const char *const summary[] = {
    "Patient\tDEMO^Cranium\tborn 1971-03-14",
    "Identifier\tDEMO-0001\tfemale",
    "Referred by\tDemonstration hospital\t2026-11-16",
    "",
    "#Question to the board",
    "Reconstruction of the right frontal bone defect: now, or after another interval?",
    "Titanium mesh or a patient-specific implant?",
    "",
    "#History",
    "Fall from a height in 2025 with an open right frontal fracture. Decompression and removal",
    "of contaminated fragments on the day of the accident. Uneventful recovery of the wound.",
    "The patient reports headache when upright and asks for closure of the defect.",
    "",
    "#Previous imaging",
    "CT of the head of 2026-05-04: right frontal defect, no collection, ventricles not widened.",
    "CT of the head of 2026-11-16: for comparison by the board.",
    "Lateral radiograph of the skull of 2026-11-16.",
    NULL,
};

static const char *const findings[] = {
    "#Neurological examination",
    "Awake, oriented. No paresis. Gait steady. Visual fields full to confrontation.",
    "The skin above the defect is thin, mobile and not tender; it sinks in when upright.",
    "",
    "#Laboratory",
    "Measure\tValue\tReference",
    "Haemoglobin\t13.4 g/dl\t12.0 to 15.5",
    "Leucocytes\t6.8 /nl\t4.0 to 10.0",
    "Platelets\t254 /nl\t150 to 400",
    "C-reactive protein\t2.1 mg/l\tbelow 5.0",
    "INR\t1.0\t0.9 to 1.1",
    "Creatinine\t0.8 mg/dl\t0.5 to 0.9",
    "",
    "#Medication",
    "Levetiracetam\t500 mg\t1-0-1",
    "Paracetamol\t500 mg\twhen needed",
    "",
    "Allergies: none known.",
    NULL,
};

static const char *const plan[] = {
    "#For discussion",
    "1. Infection has been absent for more than six months.",
    "2. Thin skin cover: is plastic surgery needed before, or together with, the implant?",
    "3. Length and width of the defect, to be measured on the CT by the board.",
    "4. The frontal sinus reaches the lower edge of the defect. Was it opened?",
    "",
    "#Proposal of the referring department",
    "Patient-specific implant, planned on the CT of 2026-11-16.",
    "",
    "#Consent",
    "The patient agrees to the presentation of the case to the board.",
    NULL,
};

static const struct pdf_page pages[] = {
    {.heading = "Report to the neurosurgical board", .lines = summary},
    {.heading = "Findings", .lines = findings},
    {.heading = "Proposal", .lines = plan},
};

const struct pdf_report demo_cranium_report = {
    .title = "Report to the neurosurgical board, demonstration",
    .footer = "DEMONSTRATION DATA - NOT A PATIENT",
    .pages = pages,
    .page_count = sizeof(pages) / sizeof(pages[0]),
};
