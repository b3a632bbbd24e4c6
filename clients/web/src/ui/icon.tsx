// Line drawings for tools, on a grid of 20. A button with only an icon has its name as label and title.

const paths = {
    window: 'M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14',
    zoom: 'M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM12.5 12.5 17 17M6 8.5h5M8.5 6v5',
    pan: 'M10 2.5v15M2.5 10h15M7.5 5 10 2.5 12.5 5M7.5 15l2.5 2.5 2.5-2.5M5 7.5 2.5 10 5 12.5M15 7.5l2.5 2.5-2.5 2.5',
    length: 'M3.5 16.5l13-13M2 13.5 6.5 18M13.5 2 18 6.5M9 9l2 2',
    arrow: 'M16.5 16.5 4 4M4 10V4h6',
    angle: 'M16.5 16h-13L12 4M8.500 9.500a7.500 7.500 0 0 1 2.500 6.500',
    bidirectional: 'M3 17 17 3M6.500 6.500l7 7',
    ellipse: 'M10 5c4 0 7.500 2 7.500 5s-3.500 5-7.500 5-7.500-2-7.500-5S6 5 10 5z',
    probe: 'M10 3v5M10 12v5M3 10h5M12 10h5',
    crosshair: 'M10 2v6.500M10 11.500V18M2 10h6.500M11.500 10H18M10 5a5 5 0 1 0 0 10 5 5 0 0 0 0-10z',
    mark: 'M10 17.500s5.500-5 5.500-9a5.500 5.500 0 0 0-11 0c0 4 5.500 9 5.500 9zM10 7v3',
    slab: 'M3 6.500 10 3l7 3.500-7 3.500zM3 10l7 3.500L17 10M3 13.500 10 17l7-3.500',
    link: 'M8 6.500H6a3.500 3.500 0 0 0 0 7h2M12 6.500h2a3.500 3.500 0 0 1 0 7h-2M7 10h6',
    point: 'M4 3l12 5.5-5.2 1.7L8.500 16z',
    layout: 'M3 3.500h14v13H3zM10 3.500v13M3 10h14',
    play: 'M6 3.500 16 10 6 16.500z',
    stop: 'M5 5h10v10H5z',
    more: 'M4 10h.01M10 10h.01M16 10h.01',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
    return (
        <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d={paths[name]} strokeWidth={name === 'more' ? 2.6 : undefined} />
        </svg>
    );
}
