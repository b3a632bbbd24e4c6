/*
 * Every field of an index row: number, member, attribute it is read from, kind and space.
 *
 * XX(NUMBER, NAME, member, tag, KIND, space): numbers are part of the stored encoding, never change
 * and are never used again; the list is in ascending order of tags, those we derive (tag 0) first.
 * `space` is bytes of text without the terminator, or how many numbers.
 *
 * Text of a person name holds three groups of 64 characters (PS3.5 section 6.2), each character up
 * to four bytes of UTF-8.
 */
#ifndef CONSILIUM_IMAGING_INSTANCE_FIELDS_H
#define CONSILIUM_IMAGING_INSTANCE_FIELDS_H

#define INSTANCE_NAME_MAX 770
#define INSTANCE_LONG_STRING_MAX 256 // 64 characters
#define INSTANCE_SHORT_STRING_MAX 64 // 16 characters

#define INSTANCE_FIELD_MAP(XX)                                                                     \
    XX(1, TRANSFER_SYNTAX_UID, transfer_syntax_uid, 0, CODE, 64)                                   \
    XX(2, DATASET_OFFSET, dataset_offset, 0, U64, 1)                                               \
    XX(3, FILE_SIZE, file_size, 0, U64, 1)                                                         \
    XX(4, PIXEL_OFFSET, pixel_offset, 0, U64, 1)                                                   \
    XX(5, FRAME_SIZE, frame_size, 0, U64, 1)                                                       \
    XX(6, FRAME_COUNT, frame_count, 0, U32, 1)                                                     \
    XX(7, DOCUMENT_OFFSET, document_offset, 0, U64, 1)                                             \
    XX(8, DOCUMENT_SIZE, document_size, 0, U64, 1)                                                 \
    XX(9, FRAMES_VOLUME, frames_volume, 0, U32, 1)                                                 \
    XX(10, FRAMES_SPACING, frames_spacing, 0, F64, 1)                                              \
    XX(11, IMAGE_TYPE, image_type, 0x00080008, CODE, 128)                                          \
    XX(12, SOP_CLASS_UID, sop_class_uid, 0x00080016, CODE, 64)                                     \
    XX(13, SOP_INSTANCE_UID, sop_instance_uid, 0x00080018, CODE, 64)                               \
    XX(14, STUDY_DATE, study_date, 0x00080020, CODE, 16)                                           \
    XX(15, SERIES_DATE, series_date, 0x00080021, CODE, 16)                                         \
    XX(16, ACQUISITION_DATE, acquisition_date, 0x00080022, CODE, 16)                               \
    XX(17, STUDY_TIME, study_time, 0x00080030, CODE, 16)                                           \
    XX(18, ACCESSION_NUMBER, accession_number, 0x00080050, TEXT, INSTANCE_SHORT_STRING_MAX)        \
    XX(19, MODALITY, modality, 0x00080060, CODE, 16)                                               \
    XX(20, INSTITUTION_NAME, institution_name, 0x00080080, TEXT, INSTANCE_LONG_STRING_MAX)         \
    XX(21, STUDY_DESCRIPTION, study_description, 0x00081030, TEXT, INSTANCE_LONG_STRING_MAX)       \
    XX(22, SERIES_DESCRIPTION, series_description, 0x0008103E, TEXT, INSTANCE_LONG_STRING_MAX)     \
    XX(23, PATIENT_NAME, patient_name, 0x00100010, NAME, INSTANCE_NAME_MAX)                        \
    XX(24, PATIENT_ID, patient_id, 0x00100020, TEXT, INSTANCE_LONG_STRING_MAX)                     \
    XX(25, PATIENT_BIRTH_DATE, patient_birth_date, 0x00100030, CODE, 16)                           \
    XX(26, PATIENT_SEX, patient_sex, 0x00100040, CODE, 16)                                         \
    XX(31, CONTRAST_AGENT, contrast_agent, 0x00180010, TEXT, INSTANCE_LONG_STRING_MAX)             \
    XX(27, BODY_PART, body_part, 0x00180015, CODE, 16)                                             \
    XX(28, SLICE_THICKNESS, slice_thickness, 0x00180050, F64, 1)                                   \
    XX(29, ECHO_NUMBER, echo_number, 0x00180086, I32, 1)                                           \
    XX(30, SPACING_BETWEEN_SLICES, spacing_between_slices, 0x00180088, F64, 1)                     \
    XX(32, IMAGER_PIXEL_SPACING, imager_pixel_spacing, 0x00181164, F64, 2)                         \
    XX(33, DIFFUSION_B_VALUE, diffusion_b_value, 0x00189087, F64, 1)                               \
    XX(34, STUDY_UID, study_uid, 0x0020000D, CODE, 64)                                             \
    XX(35, SERIES_UID, series_uid, 0x0020000E, CODE, 64)                                           \
    XX(36, STUDY_ID, study_id, 0x00200010, TEXT, INSTANCE_SHORT_STRING_MAX)                        \
    XX(37, SERIES_NUMBER, series_number, 0x00200011, I32, 1)                                       \
    XX(38, ACQUISITION_NUMBER, acquisition_number, 0x00200012, I32, 1)                             \
    XX(39, INSTANCE_NUMBER, instance_number, 0x00200013, I32, 1)                                   \
    XX(40, PATIENT_ORIENTATION, patient_orientation, 0x00200020, CODE, 32)                         \
    XX(41, POSITION, position_lps, 0x00200032, F64, 3)                                             \
    XX(42, ORIENTATION, orientation_lps, 0x00200037, F64, 6)                                       \
    XX(43, FRAME_OF_REFERENCE_UID, frame_of_reference_uid, 0x00200052, CODE, 64)                   \
    XX(44, LATERALITY, laterality, 0x00200060, CODE, 16)                                           \
    XX(45, IMAGE_LATERALITY, image_laterality, 0x00200062, CODE, 16)                               \
    XX(46, TEMPORAL_POSITION, temporal_position, 0x00200100, I32, 1)                               \
    XX(47, SAMPLES_PER_PIXEL, samples_per_pixel, 0x00280002, U32, 1)                               \
    XX(48, PHOTOMETRIC, photometric, 0x00280004, CODE, 16)                                         \
    XX(49, NUMBER_OF_FRAMES, number_of_frames, 0x00280008, U32, 1)                                 \
    XX(50, ROWS, rows, 0x00280010, U32, 1)                                                         \
    XX(51, COLUMNS, columns, 0x00280011, U32, 1)                                                   \
    XX(52, PIXEL_SPACING, pixel_spacing, 0x00280030, F64, 2)                                       \
    XX(53, BITS_ALLOCATED, bits_allocated, 0x00280100, U32, 1)                                     \
    XX(54, BITS_STORED, bits_stored, 0x00280101, U32, 1)                                           \
    XX(55, PIXEL_REPRESENTATION, pixel_representation, 0x00280103, U32, 1)                         \
    XX(56, BURNED_IN_ANNOTATION, burned_in_annotation, 0x00280301, CODE, 16)                       \
    XX(57, WINDOW_CENTER, window_center, 0x00281050, F64, 1)                                       \
    XX(58, WINDOW_WIDTH, window_width, 0x00281051, F64, 1)                                         \
    XX(59, RESCALE_INTERCEPT, rescale_intercept, 0x00281052, F64, 1)                               \
    XX(60, RESCALE_SLOPE, rescale_slope, 0x00281053, F64, 1)                                       \
    XX(61, RESCALE_TYPE, rescale_type, 0x00281054, CODE, 16)                                       \
    XX(62, DOCUMENT_TYPE, document_type, 0x00420012, CODE, 64)                                     \
    XX(63, DOCUMENT_LENGTH, document_length, 0x00420015, U32, 1)

#endif
