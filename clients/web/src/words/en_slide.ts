// Words of slides under the microscope.

export const slideEn = {
    slide: {
        one: 'slide',
        oneOf: (number: number, count: number) => `slide ${number} of ${count}`,
        label: 'label',
        showLabels: (count: number) => (count === 1 ? 'Show the label' : `Show ${count} labels`),
        hideLabels: 'Hide labels',
        profile: {
            used: 'colours by its ICC profile',
            none: 'no colour profile in the file',
            lost: 'its colour profile could not be had: colours as stored',
        },
        magnification: (times: string) => `about ${times}×`,
    },
};
