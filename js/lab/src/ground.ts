// The colours and parts that all of nbtrack's views stand on, loaded with the first of them.
import "./style.css";
