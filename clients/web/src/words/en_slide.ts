// Words of slides under the microscope.

export const slideEn = {
    slide: {
        one: 'slide',
        oneOf: (number: number, count: number) => `slide ${number} of ${count}`,
        label: 'label',
        showLabels: (count: number) => (count === 1 ? 'Show the label' : `Show ${count} labels`),
        hideLabels: 'Hide labels',
        profile: 'colours by its ICC profile',
        noProfile: 'no colour profile in the file',
        magnification: (times: string) => `about ${times}×`,
    },
};
