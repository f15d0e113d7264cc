// In the tests nothing is loaded on demand from the panel.
export default {};
