#include "server/dicomweb/attributes.h"

#include "server/imaging/json_scan.h"

#include <string.h>

#define STUDY LEVEL_STUDY
#define SERIES LEVEL_SERIES
#define INSTANCE LEVEL_INSTANCE
#define HELD ATTRIBUTE_HELD
#define GIVEN ATTRIBUTE_GIVEN
#define MADE ATTRIBUTE_MADE

/* In ascending order of tags. */
// clang-format off
static const struct dicomweb_attribute attributes[] = {
    {0x00080005, "CS", STUDY, GIVEN, "SpecificCharacterSet"},
    {0x00080008, "CS", INSTANCE, HELD, "ImageType"},
    {0x00080016, "UI", INSTANCE, MADE, "SOPClassUID"},
    {0x00080018, "UI", INSTANCE, MADE, "SOPInstanceUID"},
    {0x00080020, "DA", STUDY, GIVEN, "StudyDate"},
    {0x00080021, "DA", SERIES, HELD, "SeriesDate"},
    {0x00080022, "DA", INSTANCE, HELD, "AcquisitionDate"},
    {0x00080023, "DA", INSTANCE, HELD, "ContentDate"},
    {0x0008002A, "DT", INSTANCE, HELD, "AcquisitionDateTime"},
    {0x00080030, "TM", STUDY, GIVEN, "StudyTime"},
    {0x00080031, "TM", SERIES, HELD, "SeriesTime"},
    {0x00080032, "TM", INSTANCE, HELD, "AcquisitionTime"},
    {0x00080033, "TM", INSTANCE, HELD, "ContentTime"},
    {0x00080050, "SH", STUDY, GIVEN, "AccessionNumber"},
    {0x00080056, "CS", STUDY, MADE, "InstanceAvailability"},
    {0x00080060, "CS", SERIES, GIVEN, "Modality"},
    {0x00080061, "CS", STUDY, MADE, "ModalitiesInStudy"},
    {0x00080070, "LO", SERIES, HELD, "Manufacturer"},
    {0x00080080, "LO", SERIES, HELD, "InstitutionName"},
    {0x00080090, "PN", STUDY, GIVEN, "ReferringPhysicianName"},
    {0x00080201, "SH", STUDY, GIVEN, "TimezoneOffsetFromUTC"},
    {0x00081010, "SH", SERIES, HELD, "StationName"},
    {0x00081030, "LO", STUDY, GIVEN, "StudyDescription"},
    {0x00081032, "SQ", STUDY, HELD, "ProcedureCodeSequence"},
    {0x0008103E, "LO", SERIES, GIVEN, "SeriesDescription"},
    {0x00081040, "LO", SERIES, HELD, "InstitutionalDepartmentName"},
    {0x00081048, "PN", STUDY, HELD, "PhysiciansOfRecord"},
    {0x00081050, "PN", SERIES, HELD, "PerformingPhysicianName"},
    {0x00081060, "PN", STUDY, HELD, "NameOfPhysiciansReadingStudy"},
    {0x00081070, "PN", SERIES, HELD, "OperatorsName"},
    {0x00081080, "LO", STUDY, HELD, "AdmittingDiagnosesDescription"},
    {0x00081090, "LO", SERIES, HELD, "ManufacturerModelName"},
    {0x00081190, "UR", STUDY, MADE, "RetrieveURL"},
    {0x00083002, "UI", INSTANCE, HELD, "AvailableTransferSyntaxUID"},
    {0x00100010, "PN", STUDY, GIVEN, "PatientName"},
    {0x00100020, "LO", STUDY, GIVEN, "PatientID"},
    {0x00100021, "LO", STUDY, HELD, "IssuerOfPatientID"},
    {0x00100030, "DA", STUDY, GIVEN, "PatientBirthDate"},
    {0x00100032, "TM", STUDY, HELD, "PatientBirthTime"},
    {0x00100040, "CS", STUDY, GIVEN, "PatientSex"},
    {0x00101010, "AS", STUDY, HELD, "PatientAge"},
    {0x00101020, "DS", STUDY, HELD, "PatientSize"},
    {0x00101030, "DS", STUDY, HELD, "PatientWeight"},
    {0x00180015, "CS", SERIES, HELD, "BodyPartExamined"},
    {0x00180050, "DS", INSTANCE, HELD, "SliceThickness"},
    {0x00181030, "LO", SERIES, HELD, "ProtocolName"},
    {0x0020000D, "UI", STUDY, MADE, "StudyInstanceUID"},
    {0x0020000E, "UI", SERIES, MADE, "SeriesInstanceUID"},
    {0x00200010, "SH", STUDY, GIVEN, "StudyID"},
    {0x00200011, "IS", SERIES, GIVEN, "SeriesNumber"},
    {0x00200012, "IS", INSTANCE, HELD, "AcquisitionNumber"},
    {0x00200013, "IS", INSTANCE, MADE, "InstanceNumber"},
    {0x00200032, "DS", INSTANCE, HELD, "ImagePositionPatient"},
    {0x00200037, "DS", INSTANCE, HELD, "ImageOrientationPatient"},
    {0x00200052, "UI", SERIES, HELD, "FrameOfReferenceUID"},
    {0x00200060, "CS", SERIES, HELD, "Laterality"},
    {0x00201206, "IS", STUDY, MADE, "NumberOfStudyRelatedSeries"},
    {0x00201208, "IS", STUDY, MADE, "NumberOfStudyRelatedInstances"},
    {0x00201209, "IS", SERIES, MADE, "NumberOfSeriesRelatedInstances"},
    {0x00280004, "CS", INSTANCE, HELD, "PhotometricInterpretation"},
    {0x00280008, "IS", INSTANCE, MADE, "NumberOfFrames"},
    {0x00280010, "US", INSTANCE, MADE, "Rows"},
    {0x00280011, "US", INSTANCE, MADE, "Columns"},
    {0x00280030, "DS", INSTANCE, HELD, "PixelSpacing"},
    {0x00280100, "US", INSTANCE, MADE, "BitsAllocated"},
    {0x00280301, "CS", INSTANCE, HELD, "BurnedInAnnotation"},
    {0x00400244, "DA", SERIES, GIVEN, "PerformedProcedureStepStartDate"},
    {0x00400245, "TM", SERIES, GIVEN, "PerformedProcedureStepStartTime"},
    {0x00400275, "SQ", SERIES, GIVEN, "RequestAttributesSequence"},
    {0x0040A032, "DT", INSTANCE, HELD, "ObservationDateTime"},
    {0x0040A491, "CS", INSTANCE, HELD, "CompletionFlag"},
    {0x0040A493, "CS", INSTANCE, HELD, "VerificationFlag"},
    {0x00420010, "ST", INSTANCE, HELD, "DocumentTitle"},
    {0x00700080, "CS", INSTANCE, HELD, "ContentLabel"},
    {0x00700081, "LO", INSTANCE, HELD, "ContentDescription"},
};
// clang-format on

#define COUNT (sizeof attributes / sizeof attributes[0])

const struct dicomweb_attribute *attribute_of_tag(uint32_t tag) {
    size_t low = 0, high = COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (attributes[middle].tag == tag) {
            return &attributes[middle];
        }
        if (attributes[middle].tag < tag) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

bool attribute_tag_of(struct text name, uint32_t *ret_tag) {
    if (json_tag_of(name, ret_tag)) {
        return true;
    }
    for (size_t i = 0; i < COUNT; i++) {
        struct text keyword = {(uint32_t)strlen(attributes[i].keyword), attributes[i].keyword};
        if (text_equal(keyword, name)) {
            *ret_tag = attributes[i].tag;
            return true;
        }
    }
    return false;
}
