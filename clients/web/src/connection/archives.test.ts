import { describe, expect, it } from 'vitest';
import { archiveName } from './archives';

describe('a_name_that_is_looked_for', () => {
    it('is_found_however_much_of_it_is_written', () => {
        expect(archiveName('Weiss, Erika')).toBe('Weiss^Erika*');
        expect(archiveName(' Weiss ,  Dr. Erika, M. ')).toBe('Weiss^Dr. Erika M.*');
        expect(archiveName('Weiss')).toBe('Weiss*');
        expect(archiveName('Wei*')).toBe('Wei*');
        expect(archiveName(' , ')).toBe('');
    });
});
