import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
    { ignores: ['dist', 'src/protocol', 'eslint.config.js'] },
    ...tseslint.configs.recommendedTypeChecked,
    {
        plugins: { 'react-hooks': hooks },
        languageOptions: { parserOptions: { projectService: true } },
        rules: {
            'react-hooks/rules-of-hooks': 'error',
            'react-hooks/exhaustive-deps': 'error',
            '@typescript-eslint/no-explicit-any': 'error',
            '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
            '@typescript-eslint/switch-exhaustiveness-check': 'off',
            eqeqeq: 'error',
        },
    },
);
