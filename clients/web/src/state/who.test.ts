import { describe, expect, it } from 'vitest';
import { wordsOf } from '../words';
import { whoIs } from './who';

const words = wordsOf('en');
const nobody = { name: '', birthDate: '', sex: 'F', patientId: '' };
const masked = (age: string) => ({ subject: nobody, masked: true, age });

describe('who the patient is', () => {
    it('is the number of the case with age and sex for whom it is not told', () => {
        expect(whoIs(words, masked('074Y'), 3)).toEqual({
            masked: true,
            name: 'Case 3',
            age: '74 years',
            sex: 'female',
            birthDate: '',
            patientId: '',
        });
    });

    it('has no number away from a board', () => {
        expect(whoIs(words, masked('074Y'), undefined).name).toBe('Patient not named');
    });

    it('is told in months below two years, and never above ninety', () => {
        expect(whoIs(words, masked('018M'), 1).age).toBe('18 months');
        expect(whoIs(words, masked('090Y'), 1).age).toBe('90 years or older');
        expect(whoIs(words, masked(''), 1).age).toBe('');
        expect(whoIs(words, masked('074'), 1).age).toBe('');
    });

    it('is a name, a date and a number for everybody else', () => {
        const subject = {
            name: 'Haddad^Rania',
            birthDate: '1960-01-02',
            sex: 'F',
            patientId: 'P-1',
        };
        expect(whoIs(words, { subject, masked: false, age: '' }, 3)).toMatchObject({
            masked: false,
            name: 'Haddad, Rania',
            birthDate: words.bornOn('1960-01-02'),
            patientId: 'P-1',
        });
    });
});
